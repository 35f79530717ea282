"""Atomic write: a file is replaced as a whole, so that readers see the old or the new file, even after a crash."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Atomic write: yield a temporary path beside ``path`` to write to, then sync it and rename it over ``path``.

    The temporary file is removed when the block raises. Its name ends in ``.tmp``, so that the next writer with the
    write lock removes it after a kill.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        _sync(temporary, os.O_RDWR)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def replace_text(path: Path, text: str) -> None:
    """Atomic write of a small text file in UTF-8."""
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def replace_private(path: Path, content: bytes) -> None:
    """Atomic write of a file that only this user may read (mode 0600), for processes without the write lock.

    Raises:
        OSError: the folder is not writable; the old file stays.
    """
    with _private_file(path, content) as temporary:
        temporary.replace(path)


def create_private(path: Path, content: bytes) -> None:
    """Atomic create of a file with mode 0600; an existing file stays, and the first of concurrent writers wins.

    Raises:
        OSError: the folder is not writable.
    """
    with _private_file(path, content) as temporary, suppress(FileExistsError):
        path.hardlink_to(temporary)


def sync_folder(folder: Path) -> None:
    """Sync a folder to disk, so that new and renamed files in it survive a power failure."""
    _sync(folder, os.O_RDONLY)


@contextmanager
def _private_file(path: Path, content: bytes) -> Iterator[Path]:
    # No suffix .tmp: a writer with the write lock removes such files, and this process may not have the lock.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
