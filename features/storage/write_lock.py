"""Write lock: one process at a time writes to a home; the next one waits, and its error names the other process."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from features.errors import FlywheelError

HOLDER_FILE = ".lock.holder"
_TEMPORARY_FOLDERS = ("", "history", "features", "releases")
_SPILL_FOLDERS = ("history/spill", "history/spill_files")  # of DuckDB, and of unpacked and decoded raw files


class HomeLocked(FlywheelError):
    """Another process has the write lock of the home."""


class HomeNotWritable(FlywheelError):
    """The home is not a writable folder."""


@contextmanager
def hold_write_lock(
    folder: Path, command: str, report: Callable[[str], None], timeout_seconds: float
) -> Iterator[None]:
    """Hold the write lock of a home; wait at most ``timeout_seconds`` seconds for another writer.

    Raises:
        HomeLocked: another writer did not finish in time; the text names its command and process.
        HomeNotWritable: the folder cannot be created or is not writable.
    """
    lock, holder = _file_lock(folder), folder / HOLDER_FILE
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            report(f"waiting for {read_lock_holder(folder) or 'another process'}")
            lock.acquire(timeout=timeout_seconds)
    except Timeout:
        raise HomeLocked(
            f"{folder} is being written by {read_lock_holder(folder) or 'another process'}. Expected to be its only "
            "writer: wait until it is done, or use another --home. FLYWHEEL_LOCK_SECONDS sets the time to wait."
        ) from None
    try:
        if holder.exists():
            _remove_temporary_files(folder)
        holder.write_text(json.dumps(asdict(LockHolder(os.getpid(), socket.gethostname(), command))))
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _remove_temporary_files(folder: Path) -> None:
    """Remove the temporary files of a killed writer; the caller has the lock, so that no other process uses them."""
    for parent in [*(folder / name for name in _TEMPORARY_FOLDERS), *folder.glob(".*.parts")]:
        for temporary in [*parent.glob("*.tmp"), *parent.glob("*.new")]:
            if temporary.is_dir():
                shutil.rmtree(temporary)
            else:
                temporary.unlink()
    shutil.rmtree(folder / "drafts", ignore_errors=True)
    delete_spilled_files(folder)


def delete_spilled_files(folder: Path) -> None:
    """Delete the copies of the raw log that a killed ingestion left in the home; the caller has the lock."""
    for name in _SPILL_FOLDERS:
        shutil.rmtree(folder / name, ignore_errors=True)


def _file_lock(folder: Path) -> FileLock:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".lock").touch()
    except OSError as error:
        raise HomeNotWritable(
            f"{folder} cannot be a home ({error.strerror}). Expected a folder to write to: choose one with --home."
        ) from None
    return FileLock(folder / ".lock")


@dataclass(frozen=True)
class LockHolder:
    """The process that holds the write lock, or that was killed while it held it."""

    pid: int
    host: str
    command: str

    def __str__(self) -> str:
        return f"`flywheel {self.command}` (process {self.pid} on {self.host})"

    @property
    def is_gone(self) -> bool:
        """Whether the process ran on this machine and has ended."""
        return self.host == socket.gethostname() and not _is_running(self.pid)


def read_lock_holder(folder: Path) -> LockHolder | None:
    """Read who holds the write lock of a home; None where nobody does."""
    try:
        return LockHolder(**json.loads((folder / HOLDER_FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
