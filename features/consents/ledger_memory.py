"""Ledger memory: the home remembers, outside the store, which ledger has its consents and the highest state it saw.

A store that was restored from an older copy cannot tell this by itself.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Literal

import orjson

from features.errors import InvalidStore
from features.storage.atomic_files import create_private, replace_private
from features.storage.secret import LEGACY_FILE, MEMORY_FILE

SYNC_SECONDS = 1.0  # at most this much of the memory is lost in a power failure; a killed process loses nothing
_FILE_BYTES = 512  # one sector, padded: it is replaced in place, which needs no free space on the disk
StoreKind = Literal["lmdb", "redis"]


@dataclass(frozen=True)
class LedgerPoint:
    """A ledger, and a state of it that this home has seen."""

    ledger: str  # its id
    revision: int  # the state number
    store: StoreKind
    is_older: bool = False  # an older copy was found in the store since: refused until it is reconciled


class LedgerMemory:
    """The file ``ledger.json`` of a home, shared by all of its processes."""

    def __init__(self, home: Path) -> None:
        self.path = home / MEMORY_FILE
        self._legacy_file = home / LEGACY_FILE
        self._synced_at = -SYNC_SECONDS

    def read(self) -> LedgerPoint | None:
        """Read what the home remembers; None before the first write to its ledger.

        Raises:
            InvalidStore: the file is damaged.
            OSError: the file cannot be read.
        """
        try:
            with self._locked_file(os.O_RDONLY, fcntl.LOCK_SH) as file:
                return self._parse(os.pread(file, _FILE_BYTES, 0))
        except FileNotFoundError:
            return self._read_legacy()

    def exists(self) -> bool:
        """Whether the home remembers a ledger, of any store."""
        return self.path.exists() or self._legacy_file.exists()

    def advance(self, point: LedgerPoint) -> None:
        """Remember a later state of the ledger, or the ledger in Redis that it moved to; else nothing changes.

        Raises:
            OSError: the file cannot be written.
        """

        def advance_stored(stored: LedgerPoint) -> LedgerPoint:
            is_later = point.ledger == stored.ledger and point.revision > stored.revision and not stored.is_older
            has_moved = (stored.store, point.store) == ("lmdb", "redis")
            return point if is_later or has_moved else stored

        self._update(point, advance_stored)

    def mark_older(self, ledger: str) -> None:
        """Remember that the store held an older copy of this ledger, until a restore accepts it."""
        with suppress(FileNotFoundError):
            self._change(lambda stored: replace(stored, is_older=True) if stored.ledger == ledger else stored)

    def replace(self, point: LedgerPoint) -> None:
        """Remember this ledger instead of any other."""
        self._synced_at = -SYNC_SECONDS
        try:
            self._update(point, lambda _: point)
        except InvalidStore:
            replace_private(self.path, _to_bytes(point))

    def _update(self, point: LedgerPoint, change: Callable[[LedgerPoint], LedgerPoint]) -> None:
        if not self.path.is_file():
            create_private(self.path, _to_bytes(point))
            self._legacy_file.unlink(missing_ok=True)
        self._change(change)

    def _change(self, change: Callable[[LedgerPoint], LedgerPoint]) -> None:
        with self._locked_file(os.O_RDWR, fcntl.LOCK_EX) as file:
            stored = self._parse(os.pread(file, _FILE_BYTES, 0))
            changed = change(stored)
            if changed != stored:
                os.pwrite(file, _to_bytes(changed), 0)
            fcntl.flock(file, fcntl.LOCK_UN)  # every read of the ledger would wait for the disk
            if monotonic() - self._synced_at >= SYNC_SECONDS:
                os.fdatasync(file)
                self._synced_at = monotonic()

    @contextmanager
    def _locked_file(self, flags: int, lock: int) -> Iterator[int]:
        file = os.open(self.path, flags | os.O_CLOEXEC)
        try:
            fcntl.flock(file, lock)
            yield file
        finally:
            os.close(file)

    def _read_legacy(self) -> LedgerPoint | None:
        try:
            return LedgerPoint(self._legacy_file.read_text(), 0, "redis")
        except FileNotFoundError:
            return None

    def _parse(self, content: bytes) -> LedgerPoint:
        try:
            return LedgerPoint(**orjson.loads(content))
        except (ValueError, TypeError):
            raise InvalidStore(
                f"Found {self.path} damaged; expected the id of the consent ledger and the highest state that this "
                "home has seen. Put the file back from a backup, or run `flywheel restore`."
            ) from None


def _to_bytes(point: LedgerPoint) -> bytes:
    return orjson.dumps(asdict(point)).ljust(_FILE_BYTES - 1) + b"\n"
