"""Atomic write: a file is replaced whole, so that a reader or a crash finds the old or the new file, never a part."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Atomic write: yield a temporary path beside ``path`` to write to, then sync it and rename it over ``path``.

    The temporary file is removed when the block raises. Its name ends in ``.tmp``, which is how the write lock
    recognises what a killed writer left behind.
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
    """Atomic write of a file that only this user may read (mode 0600), by a process that may hold no lock.

    Raises:
        OSError: the folder takes no file; the old file stays.
    """
    with _private_file(path, content) as temporary:
        temporary.replace(path)


def create_private(path: Path, content: bytes) -> None:
    """Atomic create of a file with mode 0600: of several writers the first wins, and an existing file stays.

    Raises:
        OSError: the folder takes no file.
    """
    with _private_file(path, content) as temporary, suppress(FileExistsError):
        path.hardlink_to(temporary)


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` survive a power cut, as fsync does for the content of a file."""
    _sync(folder, os.O_RDONLY)


@contextmanager
def _private_file(path: Path, content: bytes) -> Iterator[Path]:
    # Without the suffix .tmp: whoever holds the write lock must not sweep away the file of a process without it.
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
