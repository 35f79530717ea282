"""Which keys open the service now? Those of keys.json as it is, at most a moment ago."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from structlog.typing import FilteringBoundLogger

from serving.auth.key_store import BadKeys, KeyFile, Keys, active


class KeyWatch:
    """Follows keys.json from request to request; a file that was broken or removed opens nothing new."""

    def __init__(
        self,
        file: KeyFile,
        log: FilteringBoundLogger,
        every_seconds: float = 1.0,
        stopwatch: Callable[[], float] = monotonic,
    ) -> None:
        self._file = file
        self._log = log
        self._every_seconds = every_seconds
        self._stopwatch = stopwatch
        self._seen = file.stamp()
        self._keys = _active(file)
        self._complaint = ""
        self._due = stopwatch() + every_seconds

    def now(self) -> Keys | None:
        """The active keys, the same object until they change; None where the home never had a file of them."""
        if self._stopwatch() >= self._due:
            self._look()
            self._due = self._stopwatch() + self._every_seconds
        return self._keys

    def _look(self) -> None:
        """Read the file if it is another; one that is not as expected is tried again at every look."""
        try:
            stamp = self._file.stamp()
            if stamp == self._seen and not self._complaint:
                return
            keys = self._read()
        except BadKeys as error:
            self._complain(str(error))
            return
        self._seen, self._keys, self._complaint = stamp, keys, ""

    def _read(self) -> Keys | None:
        keys = _active(self._file)
        if keys is None and self._keys is not None:
            raise BadKeys(f"Found {self._file.path} no more; expected it to stay. Restore it, or restart.")
        return keys

    def _complain(self, what: str) -> None:
        """Keep the last good keys; where there were none, the service was to be locked, and is."""
        self._keys = self._keys if self._keys is not None else ()
        if what != self._complaint:
            self._log.error("keys unreadable, the last good ones stay", reason=what)
        self._complaint = what


def _active(file: KeyFile) -> Keys | None:
    keys = file.read()
    return None if keys is None else active(keys)
