"""File identity: what changes when a file is replaced, so that a reader keeps what it read until then."""

from __future__ import annotations

import os
from pathlib import Path

FileIdentity = tuple[int, int, int, int]  # device, inode, nanoseconds of the last change, bytes


def identity_of(status: os.stat_result) -> FileIdentity:
    """Return device, inode, modification time and size of a file's status."""
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


class FileWatcher:
    """File watcher: tells which files were replaced since they were last looked at."""

    def __init__(self) -> None:
        self._identities: dict[Path, FileIdentity | None] = {}

    def has_changed(self, path: Path) -> bool:
        """Whether a file was replaced, created or removed since the look before; the first look counts as a change."""
        try:
            identity = identity_of(path.stat())
        except OSError:
            identity = None
        changed = path not in self._identities or self._identities[path] != identity
        self._identities[path] = identity
        return changed
