"""When is a small file safely on disk? When its bytes are, and the name that leads to them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def replace_text(path: Path, text: str) -> None:
    """Write a small file so that a reader sees the old or the new one, never half of it."""
    draft = path.with_suffix(path.suffix + ".tmp")
    with draft.open("w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    draft.replace(path)


def replace_privately(path: Path, content: bytes) -> None:
    """Write a file that this user alone may read; a reader, or a power cut, finds the old one or the new one whole.

    Raises:
        OSError: the folder takes no file; the old one stays.
    """
    # A temporary file has mode 0600 from the start.
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` survive a power cut, as fsync does for a file's content."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
