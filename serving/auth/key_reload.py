"""Key reload: follows changes of keys.json, so that keys are created and revoked without a restart."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from structlog.typing import FilteringBoundLogger

from serving.auth.key_store import InvalidKeyStore, Keys, KeysRemoved, KeyStore, active_keys


class KeyReloader:
    """Key reloader: checks the file at most once per interval; a damaged or removed file changes nothing."""

    def __init__(
        self,
        store: KeyStore,
        log: FilteringBoundLogger,
        poll_seconds: float = 1.0,
        timer: Callable[[], float] = monotonic,
    ) -> None:
        self._store = store
        self._log = log
        self._poll_seconds = poll_seconds
        self._timer = timer
        self._last_fingerprint = store.fingerprint()
        self._keys = _active_keys_in(store)
        if self._last_fingerprint is not None:
            with suppress(OSError):  # a home that this process may only read
                store.mark()
        self._error = ""
        self._next_check_at = timer() + poll_seconds

    def current_keys(self) -> Keys | None:
        """The active keys, the same object until they change; None where the home never had a key file."""
        if self._timer() >= self._next_check_at:
            self._reload_if_changed()
            self._next_check_at = self._timer() + self._poll_seconds
        return self._keys

    def _reload_if_changed(self) -> None:
        """Read the file if it was replaced, or if the last read failed."""
        try:
            fingerprint = self._store.fingerprint()
            if fingerprint == self._last_fingerprint and not self._error:
                return
            keys = self._read_active_keys()
        except InvalidKeyStore as error:
            self._keep_last_good(str(error))
            return
        self._last_fingerprint, self._keys, self._error = fingerprint, keys, ""

    def _read_active_keys(self) -> Keys | None:
        if not self._store.path.exists() and self._keys is not None:
            raise InvalidKeyStore(f"Found {self._store.path} removed; expected it to stay. Restore it.")
        return _active_keys_in(self._store)

    def _keep_last_good(self, reason: str) -> None:
        """Keep the last valid keys; without any, no key is valid, so that the service stays closed."""
        self._keys = self._keys if self._keys is not None else ()
        if reason != self._error:
            self._log.error("key store invalid, keeping last valid keys", reason=reason)
        self._error = reason


def _active_keys_in(store: KeyStore) -> Keys | None:
    """The active keys: none where their file was removed, None where there never was one."""
    try:
        keys = store.read()
    except KeysRemoved:
        return ()
    return None if keys is None else active_keys(keys)
