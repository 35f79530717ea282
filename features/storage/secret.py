"""What stands for a customer where no id may be kept? A digest that only this home can make again."""

from __future__ import annotations

import hmac
import secrets
from pathlib import Path

from features.errors import FlywheelError
from features.storage.atomic_files import create_private

SECRET_BYTES = 32


class InvalidSecret(FlywheelError):
    """The home's secret cannot be read, or not be made."""


def load_secret(home: Path) -> bytes:
    """The home's 32 random bytes, made by whoever asks first; of several who ask at once, all get the same.

    Raises:
        InvalidSecret: the file is damaged, or the folder takes none.
    """
    path = home / "secret"
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            create_private(path, secrets.token_bytes(SECRET_BYTES))
        found = path.read_bytes()
    except OSError as error:
        raise InvalidSecret(
            f"Found no way to read or make {path} ({error.strerror}); expected a file of {SECRET_BYTES} bytes. Give this "
            "user access to it."
        ) from None
    if len(found) != SECRET_BYTES:
        raise InvalidSecret(
            f"Found {len(found)} bytes in {path}; expected {SECRET_BYTES}. Restore it from a backup: with another secret, "
            "nobody finds again whom the audit, the erasures and the hold-outs mean."
        )
    return found


def keyed_digest(secret: bytes, purpose: str, text: str) -> bytes:
    """32 bytes for ``text``, others for each purpose: HMAC-SHA256 (RFC 2104) over purpose, NUL, text in UTF-8."""
    if "\0" in purpose:
        raise ValueError(f"Found the purpose {purpose!r}; expected one without NUL, which ends it. Name it by a word.")
    return hmac.digest(secret, f"{purpose}\0{text}".encode("utf-8", "surrogatepass"), "sha256")
