"""Key store: keys.json in the home contains the client, the scopes and a digest of each API key, but no key."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated

from filelock import FileLock, Timeout
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from features.errors import FlywheelError
from features.storage.atomic_files import create_private, replace_private
from features.storage.disk_reserve import is_disk_full
from serving.auth.scopes import KeyScope

KEYS_FILE = "keys.json"
KEYS_MARKER = "has-keys"  # by which a home remembers that it has had keys
MAX_ACTIVE_KEYS = 2  # of one client: the old key and the new one, while a rotation lasts
_LOCK_TIMEOUT_SECONDS = 5.0

MARKER_TEXT = b"This home has had API keys: the service does not start without keys.json.\n"

Keys = tuple["StoredKey", ...]


class InvalidKeyStore(FlywheelError):
    """keys.json cannot be read or written, or is damaged."""


class KeysRemoved(InvalidKeyStore):
    """keys.json is gone from a home that has had keys."""


class KeyRejected(FlywheelError):
    """No key can be created or revoked in this way."""


def _validate_client_name(client: str) -> str:
    if not 1 <= len(client) <= 64 or client != client.strip() or "/" in client or not client.isprintable():
        raise ValueError(f"Found the client {client!r}; expected a name of up to 64 printed characters without a slash")
    return client


class StoredKey(BaseModel):
    """Stored key: the record of an API key, with a digest in place of the key."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    id: str = Field(pattern=r"^[0-9a-f]{8}$")
    client: Annotated[str, AfterValidator(_validate_client_name)]
    scopes: tuple[KeyScope, ...] = Field(min_length=1)
    created_at: AwareDatetime
    revoked_at: AwareDatetime | None = None
    rate: int | None = Field(default=None, ge=0)  # requests per minute; None is the service's limit, zero no limit
    quota: int | None = Field(default=None, ge=0)  # customers per day
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")  # of the key as it is sent


class _KeyFileContent(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    keys: Keys


@dataclass(frozen=True)
class KeyStore:
    """Key store of a home: ``keys.json``, mode 0600; revoked keys stay in it, because the audit log names them."""

    path: Path

    @classmethod
    def for_home(cls, home: Path) -> KeyStore:
        """The file of this home, which need not exist."""
        return cls(home / KEYS_FILE)

    @property
    def marker(self) -> Path:
        """The file by which a home remembers that it has had keys."""
        return self.path.with_name(KEYS_MARKER)

    def fingerprint(self) -> tuple[int, int, int] | None:
        """A value that changes when the file is replaced, from one ``stat``; None where there is no file.

        Raises:
            InvalidKeyStore: the folder cannot be accessed.
        """
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._inaccessible(error) from None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def read(self) -> Keys | None:
        """Every key ever given out, oldest first; None where there is no file.

        Raises:
            InvalidKeyStore: the file cannot be read, is damaged, or was removed.
        """
        try:
            return _KeyFileContent.model_validate_json(self.path.read_bytes()).keys
        except FileNotFoundError:
            if not self.marker.exists():
                return None
            raise KeysRemoved(
                f"Found no {self.path} in a home that has had API keys; expected the file, without which the service "
                "would be open. Restore it from a backup, or create a key: flywheel keys create. To open the service "
                f"to everybody on this machine, remove {self.marker}."
            ) from None
        except OSError as error:
            raise self._inaccessible(error) from None
        except ValidationError as error:
            fault = error.errors(include_input=False)[0]
            location = ".".join(map(str, fault["loc"])) or "the file"
            raise InvalidKeyStore(
                f"Found {self.path} damaged, at {location}: {fault['msg']}. Expected a file that "
                "`flywheel keys create` writes. Restore it from a backup, or remove it and create the keys again."
            ) from None

    def create(
        self,
        client: str,
        scopes: Sequence[KeyScope],
        created_at: datetime,
        *,
        rate: int | None = None,
        quota: int | None = None,
    ) -> tuple[str, StoredKey]:
        """Create a key for a client: the key as the client sends it, and its stored record.

        ``rate`` limits its requests per minute and ``quota`` its customers per day; None is the service's limit, zero
        is no limit. The secret is 256 random bits, so one SHA-256 protects it; slow hashes are for passwords that
        people choose.

        Raises:
            KeyRejected: the client name is invalid, or the client has two active keys.
            InvalidKeyStore: the file is damaged, or the home cannot be written to.
        """
        try:
            _validate_client_name(client)
        except ValueError as error:
            raise KeyRejected(f"{error}. Pass --client NAME.") from None
        with self._locked_keys() as keys:
            _check_key_limit(client, [key for key in active_keys(keys) if key.client == client])
            key_id = _unused_key_id({key.id for key in keys})
            api_key = f"fw_{key_id}_{secrets.token_urlsafe(32)}"
            record = StoredKey(
                id=key_id,
                client=client,
                scopes=tuple(scope for scope in KeyScope if scope in scopes),
                created_at=created_at,
                rate=rate,
                quota=quota,
                sha256=sha256(api_key.encode()).hexdigest(),
            )
            self._write((*keys, record))
        return api_key, record

    def revoke(self, key_id: str, revoked_at: datetime) -> StoredKey:
        """Revoke a key; every worker refuses it from its next reload on.

        Raises:
            KeyRejected: there is no such key, or it was revoked before.
            InvalidKeyStore: the file is damaged, or the home cannot be written to.
        """
        with self._locked_keys() as keys:
            record = {key.id: key for key in keys}.get(key_id)
            if record is None or record.revoked_at is not None:
                raise KeyRejected(_inactive_key_message(key_id, record, keys))
            revoked = record.model_copy(update={"revoked_at": revoked_at})
            self._write(tuple(revoked if key is record else key for key in keys))
        return revoked

    @contextmanager
    def _locked_keys(self) -> Iterator[Keys]:
        """Lock only this file and read its keys: a key must be revocable while a run has the write lock of the home."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self.path.with_name(".keys.lock"), timeout=_LOCK_TIMEOUT_SECONDS):
                yield self._read_for_change()
        except Timeout:
            raise KeyRejected(
                f"Found {self.path} locked by another `flywheel keys`; expected it to finish within "
                f"{_LOCK_TIMEOUT_SECONDS:.0f} seconds. Try again."
            ) from None
        except OSError as error:
            raise self._inaccessible(error) from None

    def _read_for_change(self) -> Keys:
        """The keys; none where the file was removed, so that a new key can be created."""
        try:
            return self.read() or ()
        except KeysRemoved:
            return ()

    def _write(self, keys: Keys) -> None:
        self.mark()
        replace_private(self.path, f"{_KeyFileContent(keys=keys).model_dump_json(indent=1)}\n".encode())

    def mark(self) -> None:
        """Remember that the home has had keys, so that it is not open when their file is lost."""
        if not self.marker.exists():
            create_private(self.marker, MARKER_TEXT)

    def _inaccessible(self, error: OSError) -> InvalidKeyStore:
        if is_disk_full(error):
            return InvalidKeyStore(
                f"Found no space to write {self.path}; expected free disk space. Nothing was changed: free space, then "
                "try again."
            )
        return InvalidKeyStore(
            f"Found no way to read or write {self.path} ({error.strerror}); expected a file of this user's. Run as the "
            "user who created it, or choose another home."
        )


def active_keys(keys: Keys | None) -> Keys:
    """The keys that were not revoked."""
    return tuple(key for key in keys or () if key.revoked_at is None)


def _check_key_limit(client: str, existing_keys: Sequence[StoredKey]) -> None:
    if len(existing_keys) >= MAX_ACTIVE_KEYS:
        listed = " and ".join(f"{key.id} (of {key.created_at:%Y-%m-%d})" for key in existing_keys)
        raise KeyRejected(
            f"Found {len(existing_keys)} active keys for {client!r}: {listed}. Expected at most "
            f"{MAX_ACTIVE_KEYS}, the old one and the new one of a rotation. Revoke the older first: "
            f"flywheel keys revoke {existing_keys[0].id}."
        )


def _unused_key_id(used_ids: set[str]) -> str:
    return next(key_id for key_id in iter(lambda: secrets.token_hex(4), "") if key_id not in used_ids)


def _inactive_key_message(key_id: str, stored_key: StoredKey | None, keys: Keys) -> str:
    if stored_key is not None:
        return f"Found {key_id} revoked already ({stored_key.revoked_at}). Expected an active key."
    known = ", ".join(key.id for key in active_keys(keys)) or "none is active"
    return f"Found no key {key_id!r}. Expected the id of an active one ({known}): see flywheel keys list."
