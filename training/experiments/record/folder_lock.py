"""Folder lock: one writer of a home's experiments at a time; what keeps a writer from writing is said as one error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from features.errors import StoreUnavailable

LOCK_FILE = ".lock"
LOCK_SECONDS = 10.0


@contextmanager
def hold_folder_lock(folder: Path, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold the lock of a folder, which is created if missing; waits for another writer.

    Args:
        folder: of the experiments.
        seconds: how long it waits.

    Raises:
        StoreUnavailable: another writer holds it for longer, or the disk is full, or the folder is not writable; so
            also where a write within the block fails.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / LOCK_FILE, timeout=seconds):
            yield
    except Timeout:
        raise StoreUnavailable(
            f"Found {folder} locked by another writer for {seconds:g} s; expected milliseconds. Try again."
        ) from None
    except OSError as error:
        raise StoreUnavailable(
            f"Found {folder} not writable ({error.strerror}); expected room and access for this user. Give both, and "
            "try again."
        ) from None
