"""What stands for a customer where no id may be kept? A digest that only this home can make again."""

from __future__ import annotations

import hmac
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from features.durable import sync_folder
from features.errors import FlywheelError

BYTES = 32


class BadSecret(FlywheelError):
    """The home's secret cannot be read, or not be made."""


def secret(home: Path) -> bytes:
    """The home's 32 random bytes, made by whoever asks first; of several who ask at once, all get the same.

    Raises:
        BadSecret: the file is damaged, or the folder takes none.
    """
    path = home / "secret"
    try:
        if not path.exists():
            _make(path)
        found = path.read_bytes()
    except OSError as error:
        raise BadSecret(
            f"Found no way to read or make {path} ({error.strerror}); expected a file of {BYTES} bytes. Give this "
            "user access to it."
        ) from None
    if len(found) != BYTES:
        raise BadSecret(
            f"Found {len(found)} bytes in {path}; expected {BYTES}. Restore it from a backup: with another secret, "
            "nobody finds again whom the audit, the erasures and the hold-outs mean."
        )
    return found


def digest(secret: bytes, purpose: str, text: str) -> bytes:
    """32 bytes for ``text``, others for each purpose: HMAC-SHA256 (RFC 2104) over purpose, NUL, text in UTF-8."""
    if "\0" in purpose:
        raise ValueError(f"Found the purpose {purpose!r}; expected one without NUL, which ends it. Name it by a word.")
    return hmac.digest(secret, f"{purpose}\0{text}".encode("utf-8", "surrogatepass"), "sha256")


def _make(path: Path) -> None:
    """Write a draft, and link it into place: the first link stays, and nobody ever reads half a secret."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=".secret-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        Path(draft).unlink()
    sync_folder(path.parent)
