"""Disk reserve: a file that is given up when the disk is full, so that revocations and erasures still find space."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from errno import EDQUOT, ENOSPC
from pathlib import Path
from shutil import disk_usage
from typing import TypeVar

from features.storage.lmdb_file import NoSpaceLeft

RESERVE_FILE = "reserve"
RESERVE_BYTES = 8 * 2**20  # thousands of audit lines and consents
SPARE_FACTOR = 4  # free space, in reserves, from which one is set aside again
SPACE_SHORT = "disk_space_short"  # the reason of a degraded service
Result = TypeVar("Result")


@dataclass(frozen=True)
class DiskReserve:
    """The reserve of a home: a preallocated file; 0 bytes mean none."""

    home: Path
    size: int = RESERVE_BYTES  # bytes

    @property
    def path(self) -> Path:
        """The file."""
        return self.home / RESERVE_FILE

    @property
    def is_short(self) -> bool:
        """Whether the disk has no space for a reserve, so that soon nothing can be written."""
        return self.size > 0 and not self.path.exists() and not self._has_space()

    def restore(self) -> None:
        """Set the reserve aside if there is none and the disk has space for it; else nothing happens."""
        if self.size > 0 and self.home.is_dir() and not self.path.exists() and self._has_space():
            temporary = self.path.with_name(f".{RESERVE_FILE}.{os.getpid()}")
            with suppress(OSError):
                try:
                    _allocate(temporary, self.size)
                    temporary.replace(self.path)
                finally:
                    temporary.unlink(missing_ok=True)

    def release(self) -> bool:
        """Give the reserve up; returns whether there was one."""
        try:
            self.path.unlink()
        except OSError:
            return False
        return True

    def _has_space(self) -> bool:
        return not self.home.is_dir() or disk_usage(self.home).free >= SPARE_FACTOR * self.size


def use_reserve(home: Path, write: Callable[[], Result]) -> Result:
    """Run a write that may find the disk full; then the reserve of the home is given up, and the write runs again."""
    try:
        return write()
    except Exception as error:
        if not is_disk_full(error) or not DiskReserve(home).release():
            raise
    return write()


def is_disk_full(error: BaseException) -> bool:
    """Whether an error, or the one that it was made of, says that the disk or the quota of the user is full."""
    if isinstance(error, NoSpaceLeft) or (isinstance(error, OSError) and error.errno in (ENOSPC, EDQUOT)):
        return True
    return error.__context__ is not None and is_disk_full(error.__context__)


def _allocate(path: Path, size: int) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(file, 0, size)
    finally:
        os.close(file)
