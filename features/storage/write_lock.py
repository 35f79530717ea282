"""Who may write to a home? One at a time, whoever it is; the next waits, or is told who holds it."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from features.errors import FlywheelError

_TEMPORARY_FOLDERS = ("", "history", "features", "releases")


class HomeLocked(FlywheelError):
    """Another writer holds the home."""


class HomeNotWritable(FlywheelError):
    """The home cannot be a folder of ours."""


@contextmanager
def hold_write_lock(
    folder: Path, command: str, report: Callable[[str], None], timeout_seconds: float
) -> Iterator[None]:
    """Hold a home while writing to it; wait at most ``timeout_seconds`` seconds for another writer.

    Raises:
        HomeLocked: another writer did not finish in time; the text says who it is.
        HomeNotWritable: the folder cannot be made, or not be written to.
    """
    lock, holder = _file_lock(folder), folder / ".lock.holder"
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            report(f"waiting for {_describe_holder(holder)}")
            lock.acquire(timeout=timeout_seconds)
    except Timeout:
        raise HomeLocked(
            f"{folder} is being written by {_describe_holder(holder)}. Expected to be its only writer: wait until it is "
            "done, or use another --home. FLYWHEEL_LOCK_SECONDS says how long to wait."
        ) from None
    try:
        if holder.exists():
            _remove_temporary_files(folder)
        holder.write_text(json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "what": command}))
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _remove_temporary_files(folder: Path) -> None:
    """Remove the drafts of a writer that was killed; nobody else may write, so they are nobody's."""
    for drafted in [*(folder / name for name in _TEMPORARY_FOLDERS), *folder.glob(".*.parts")]:
        for draft in [*drafted.glob("*.tmp"), *drafted.glob("*.new")]:
            if draft.is_dir():
                shutil.rmtree(draft)
            else:
                draft.unlink()
    for emptied in ("drafts", "history/spill"):
        shutil.rmtree(folder / emptied, ignore_errors=True)


def _file_lock(folder: Path) -> FileLock:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".lock").touch()
    except OSError as error:
        raise HomeNotWritable(
            f"{folder} cannot be a home ({error.strerror}). Expected a folder to write to: say --home."
        ) from None
    return FileLock(folder / ".lock")


def _describe_holder(holder_file: Path) -> str:
    try:
        said = json.loads(holder_file.read_text())
    except (OSError, ValueError):
        return "another process"
    return f"`flywheel {said['what']}` (process {said['pid']} on {said['host']})"
