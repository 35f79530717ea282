"""Live copy: the files of a home, each as it was at one moment, while the service of the home goes on.

The caller has the write lock, so that only the service writes meanwhile: consents, audit lines, audiences and keys.
"""

from __future__ import annotations

import fcntl
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from features.consents.backends import LOCAL_FOLDER, open_ledger
from features.consents.ledger import Ledger
from features.consents.ledger_repair import raise_state
from features.consents.lmdb import LmdbLedgerStorage
from features.decisions.backends import copy_shared_decisions
from features.online.backends import LMDB
from features.storage.lmdb_copy import copy_environment
from features.storage.secret import MEMORY_FILE, load_secret
from serving.observability.audit_head import HEAD_FILE
from serving.observability.audit_reader import AUDIT_FILE

LEFT_OUT = frozenset({"reserve", "drafts", "spill", "spill_files"})  # nothing that a home needs
_TEMPORARY_ENDINGS = (".tmp", ".new", "-wal", "-shm", "-journal")
_SQLITE_HEADER = b"SQLite format 3\0"


def copy_home(home: Path, online_store: str, target: Path) -> None:
    """Copy a home into a new folder, which is then a home of its own, with its consents in LMDB.

    Raises:
        InvalidStore: an LMDB file cannot be copied.
        RowsLost: the consents are not those that the home remembers.
        OSError: a file cannot be read, or the target cannot be written.
    """
    target.mkdir(parents=True)
    # The memory first and the audit log last: what happens between is an erasure or a consent that the audit repeats.
    late = {*home.glob("audit*"), home / LOCAL_FOLDER}
    memory = home / MEMORY_FILE
    for path in [memory, *(path for path in _entries(home) if path not in late and path != memory)]:
        _copy_entry(path, target / path.relative_to(home))
    _copy_ledger(home, online_store, target)
    if online_store != LMDB:
        copy_shared_decisions(home, online_store, target)
    _copy_audit(home, target)


def _entries(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if not (path.name.startswith(".") or path.name in LEFT_OUT or path.name.endswith(_TEMPORARY_ENDINGS)):
            yield path


def _copy_entry(path: Path, target: Path) -> None:
    """Copy a file, or a folder with all that is in it; what vanishes meanwhile is left out."""
    if path.is_dir() and (path / "data.mdb").is_file():
        copy_environment(path, target)
    elif path.is_dir():
        target.mkdir()
        for entry in _entries(path):
            _copy_entry(entry, target / entry.name)
    else:
        with suppress(FileNotFoundError):
            _copy_file(path, target)


def _copy_file(path: Path, target: Path) -> None:
    with path.open("rb") as file:
        is_database = file.read(len(_SQLITE_HEADER)) == _SQLITE_HEADER
    if not is_database:
        shutil.copyfile(path, target)
        return
    source = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    with closing(source), closing(sqlite3.connect(target)) as copy:
        source.backup(copy)


def _copy_ledger(home: Path, online_store: str, target: Path) -> None:
    """Copy the consents; those in Redis become a local ledger of the copy, with the same secret."""
    if online_store == LMDB:
        if (home / LOCAL_FOLDER / "data.mdb").is_file():
            copy_environment(home / LOCAL_FOLDER, target / LOCAL_FOLDER)
        return
    shared = open_ledger(home, online_store)
    if not shared.state():
        return
    storage = LmdbLedgerStorage.open(target / LOCAL_FOLDER)
    with storage.binding.lenient():  # empty yet, and so older than the erasures that the copied history has applied
        raise_state(storage, shared.state())
        Ledger(storage, lambda: load_secret(target)).import_from(shared)
        storage.binding.accept(storage.identity(), storage.state())


def _copy_audit(home: Path, target: Path) -> None:
    """Copy the audit log and its head between two of its lines; the lock of its writers is on the head."""
    lock = home / HEAD_FILE
    if not lock.is_file():
        lock = home / AUDIT_FILE  # of an earlier version
    if not lock.is_file():
        return
    with lock.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        for path in home.glob("audit*"):
            _copy_entry(path, target / path.name)
