"""LMDB file: one environment of this process, verified when it is opened and watched for a file that was cut since."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from errno import ENOSPC
from pathlib import Path
from threading import Lock
from weakref import WeakValueDictionary, finalize

import lmdb

from features.checksums import DamagedValue
from features.errors import StoreDamaged, StoreUnavailable
from features.storage.lmdb_structure import meta_pages_problem, verify_structure

DATA_FILE, LOCK_FILE = "data.mdb", "lock.mdb"
MAX_READERS = 1024
_NO_SPACE = (lmdb.MapFullError, lmdb.DiskError)
_DAMAGE = (
    lmdb.BadTxnError,
    lmdb.CorruptedError,
    lmdb.InvalidError,
    lmdb.PageNotFoundError,
    lmdb.PanicError,
    lmdb.VersionMismatchError,
    DamagedValue,
)


class NoSpaceLeft(StoreUnavailable):
    """The disk, or the quota of this user, has no space for a write; nothing of it was stored."""


@dataclass(frozen=True)
class LmdbKind:
    """What an environment holds: for messages, for its size, and for the check of its contents."""

    contents: str  # begins messages, such as "online store"
    remedy: str  # a sentence
    map_bytes: int  # address space, not disk
    tables: int = 0
    readahead: bool = True
    verify: Callable[[lmdb.Environment], None] | None = None  # raises DamagedStructure or ValueError


class LmdbFile:
    """One LMDB environment; a process may open a file only once, so ``open_lmdb`` shares it."""

    def __init__(self, folder: Path, kind: LmdbKind) -> None:
        """Open or create the environment, and verify all that can be reached in it.

        Raises:
            StoreDamaged: the file is cut, or its pages or contents are not as they were written.
            StoreUnavailable: there is no space to create it.
            OSError: the folder cannot be created or opened.
        """
        self._path = folder / DATA_FILE
        self._kind = kind
        try:
            self._refuse_damaged_head()
            self.environment = lmdb.open(
                str(folder),
                map_size=kind.map_bytes,
                max_dbs=kind.tables,
                max_readers=MAX_READERS,
                mode=0o600,
                readahead=kind.readahead,
            )
        except lmdb.Error as error:
            raise self._to_unavailable(error) from None
        self._bytes_seen = self._path.stat().st_size
        try:
            # A reader that was killed would keep every page since then from being reused.
            self.environment.reader_check()
            with self.environment.begin() as transaction:
                verify_structure(self._path, transaction)
            if kind.verify is not None:
                kind.verify(self.environment)
        except Exception as error:
            self.environment.close()
            if isinstance(error, ValueError | IndexError | OverflowError | lmdb.Error):
                raise self._to_damaged(str(error)) from None
            raise
        # A finished transaction that somebody keeps would keep the environment open, and no other could be opened.
        finalize(self, self.environment.close)

    @contextmanager
    def transaction(self, *, write: bool = False) -> Iterator[lmdb.Transaction[bytes]]:
        """One transaction, stored as a whole or not at all.

        Raises:
            StoreDamaged: the file was cut since it was opened, or LMDB finds it damaged.
            NoSpaceLeft: there is no space for the write.
            StoreUnavailable: LMDB fails for another reason.
        """
        self._refuse_cut_file()
        try:
            with self.environment.begin(write=write) as transaction:
                yield transaction
        except (lmdb.Error, DamagedValue) as error:
            raise self._to_unavailable(error) from None

    @contextmanager
    def buffered_read(self) -> Iterator[lmdb.Transaction[memoryview[int]]]:
        """One read transaction whose values are not copied: they are valid until it ends. Raises as ``transaction``."""
        self._refuse_cut_file()
        try:
            with self.environment.begin(buffers=True) as transaction:
                yield transaction
        except lmdb.Error as error:
            raise self._to_unavailable(error) from None

    def _refuse_damaged_head(self) -> None:
        if self._path.is_file() and (found := meta_pages_problem(self._path)) is not None:
            raise self._to_damaged(found)

    def _refuse_cut_file(self) -> None:
        """Refuse a file that is smaller than before: LMDB never makes one smaller, and a read beyond its end kills."""
        bytes_seen = self._bytes_seen  # before the look at the file, which another thread may let grow meanwhile
        try:
            size = os.stat(self._path).st_size  # noqa: PTH116 - a tenth of the time, at every read
        except FileNotFoundError:
            return  # the pages stay until this process closes them
        if size < bytes_seen:
            raise self._to_damaged(f"{size:,} of {bytes_seen:,} bytes")
        self._bytes_seen = max(size, bytes_seen)

    def _to_unavailable(self, error: lmdb.Error | DamagedValue) -> StoreUnavailable:
        if isinstance(error, _NO_SPACE) or os.strerror(ENOSPC) in str(error):
            return NoSpaceLeft(
                f"Found no space to write the {self._kind.contents} in {self._path.parent} ({error}); expected free "
                "disk space. Nothing was stored: free space, then try again."
            )
        if isinstance(error, _DAMAGE):
            return self._to_damaged(str(error))
        return StoreUnavailable(
            f"The {self._kind.contents} in {self._path.parent} cannot be used just now ({error}). Try again soon."
        )

    def _to_damaged(self, found: str) -> StoreDamaged:
        return StoreDamaged(
            f"Found the {self._kind.contents} in {self._path.parent} damaged ({found}); expected the file as it was "
            f"written. {self._kind.remedy}"
        )


_OPEN_FILES: WeakValueDictionary[tuple[int, int], LmdbFile] = WeakValueDictionary()
_DAMAGED_FILES: dict[tuple[int, int, int, int], StoreDamaged] = {}
_OPEN_LOCK = Lock()


def open_lmdb(folder: Path, kind: LmdbKind) -> LmdbFile:
    """The environment in a folder, created if missing, one per process; another file at its path is opened anew.

    A damaged file is verified once, and again when it has changed.

    Raises:
        StoreDamaged: the file is damaged.
        OSError: the folder cannot be created or opened.
    """
    with _OPEN_LOCK:
        file = _OPEN_FILES.get(file_identity(folder))
        if file is None:
            file = _open_once(folder, kind)
            _OPEN_FILES[file_identity(folder)] = file
        return file


def _open_once(folder: Path, kind: LmdbKind) -> LmdbFile:
    folder.mkdir(parents=True, exist_ok=True)
    version = _version(folder)
    if version in _DAMAGED_FILES:
        raise StoreDamaged(str(_DAMAGED_FILES[version]))
    try:
        return LmdbFile(folder, kind)
    except StoreDamaged as error:
        _DAMAGED_FILES[version] = error
        raise


def file_identity(folder: Path) -> tuple[int, int]:
    """Device and inode of the file, (0, 0) for none; a new file at the same path has another identity."""
    return _version(folder)[:2]


def remove_lmdb(folder: Path) -> None:
    """Remove the files of an environment; who has them open reads on until it opens them again."""
    for name in (DATA_FILE, LOCK_FILE):
        (folder / name).unlink(missing_ok=True)


def _version(folder: Path) -> tuple[int, int, int, int]:
    try:
        status = os.stat(folder / DATA_FILE)  # noqa: PTH116 - a tenth of the time, at every read
    except (FileNotFoundError, NotADirectoryError):
        return (0, 0, 0, 0)
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
