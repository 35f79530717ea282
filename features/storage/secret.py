"""Secret: a random key of the home, and HMAC-SHA256 digests that replace customer ids where ids may not be stored."""

from __future__ import annotations

import hmac
import secrets
from pathlib import Path

from features.errors import FlywheelError
from features.storage.atomic_files import create_private

SECRET_BYTES = 32
MEMORY_FILE = "ledger.json"
LEGACY_FILE = "consents.redis"  # of an earlier version: only the id of a ledger in Redis
_MADE_WITH_SECRET = (MEMORY_FILE, LEGACY_FILE, "audit.jsonl")  # a home with one of these had a secret


class InvalidSecret(FlywheelError):
    """The secret of the home is damaged, or it cannot be read or created."""


def load_secret(home: Path) -> bytes:
    """The secret of the home, 32 random bytes; the first call creates it, and concurrent calls return the same bytes.

    Raises:
        InvalidSecret: the file is damaged or lost, or it cannot be read or created.
    """
    path = home / "secret"
    try:
        if not path.exists():
            refuse_lost_secret(home)
            path.parent.mkdir(parents=True, exist_ok=True)
            create_private(path, secrets.token_bytes(SECRET_BYTES))
        secret = path.read_bytes()
    except OSError as error:
        raise InvalidSecret(
            f"Cannot read or create {path} ({error.strerror}); expected a file of {SECRET_BYTES} bytes. Give this "
            "user access to it."
        ) from None
    if len(secret) != SECRET_BYTES:
        raise InvalidSecret(
            f"Found {len(secret)} bytes in {path}; expected {SECRET_BYTES}. Restore it from a backup (`flywheel "
            "restore --from BACKUP --force`): another secret matches no customer of the audit log, "
            "the erasures and the hold-outs."
        )
    return secret


def refuse_lost_secret(home: Path) -> None:
    """Refuse a home without its secret: with a new one, the forgotten would return.

    Raises:
        InvalidSecret: a file of the home was made with a secret, and there is none.
    """
    path = home / "secret"
    made_with_it = next((name for name in _MADE_WITH_SECRET if (home / name).exists()), None)
    # Another process may have created both since the first look.
    if made_with_it is not None and not path.exists():
        raise InvalidSecret(
            f"Found no {path}, although {made_with_it} of this home was made with it; expected its {SECRET_BYTES} "
            "bytes. Put it back from a backup (`flywheel restore --from BACKUP --force`): with another secret, "
            "erased customers would return at the next ingestion."
        )


def keyed_digest(secret: bytes, purpose: str, text: str) -> bytes:
    """HMAC-SHA256 (RFC 2104) over purpose, NUL and text in UTF-8: 32 bytes that differ for every purpose.

    Raises:
        ValueError: the purpose contains NUL.
    """
    if "\0" in purpose:
        raise ValueError(f"Found the purpose {purpose!r}; expected one without NUL. Use a word.")
    return hmac.digest(secret, f"{purpose}\0{text}".encode("utf-8", "surrogatepass"), "sha256")
