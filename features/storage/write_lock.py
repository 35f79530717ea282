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

_DRAFTED = ("", "history", "features", "releases")


class HomeIsBusy(FlywheelError):
    """Another writer holds the home."""


class NoHome(FlywheelError):
    """The home cannot be a folder of ours."""


@contextmanager
def writing(folder: Path, what: str, say: Callable[[str], None], patience: float) -> Iterator[None]:
    """Hold a home while writing to it; wait at most ``patience`` seconds for another writer.

    Raises:
        HomeIsBusy: another writer did not finish in time; the text says who it is.
        NoHome: the folder cannot be made, or not be written to.
    """
    lock, holder = _lock(folder), folder / ".lock.holder"
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            say(f"waiting for {_who(holder)}")
            lock.acquire(timeout=patience)
    except Timeout:
        raise HomeIsBusy(
            f"{folder} is being written by {_who(holder)}. Expected to be its only writer: wait until it is "
            "done, or use another --home. FLYWHEEL_LOCK_SECONDS says how long to wait."
        ) from None
    try:
        if holder.exists():
            _sweep(folder)
        holder.write_text(json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "what": what}))
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _sweep(folder: Path) -> None:
    """Remove the drafts of a writer that was killed; nobody else may write, so they are nobody's."""
    for drafted in [*(folder / name for name in _DRAFTED), *folder.glob(".*.parts")]:
        for draft in [*drafted.glob("*.tmp"), *drafted.glob("*.new")]:
            if draft.is_dir():
                shutil.rmtree(draft)
            else:
                draft.unlink()
    for emptied in ("drafts", "history/spill"):
        shutil.rmtree(folder / emptied, ignore_errors=True)


def _lock(folder: Path) -> FileLock:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".lock").touch()
    except OSError as error:
        raise NoHome(
            f"{folder} cannot be a home ({error.strerror}). Expected a folder to write to: say --home."
        ) from None
    return FileLock(folder / ".lock")


def _who(holder: Path) -> str:
    try:
        said = json.loads(holder.read_text())
    except (OSError, ValueError):
        return "another process"
    return f"`flywheel {said['what']}` (process {said['pid']} on {said['host']})"
