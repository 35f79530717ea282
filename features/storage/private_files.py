"""Private files: what this process creates is for its own user only, and so is all that a home holds."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

PRIVATE_UMASK = 0o077  # files 0600, folders 0700
_OTHERS = 0o077


def keep_new_files_private() -> None:
    """Set the umask of this process, and so of its child processes: new files 0600, new folders 0700."""
    os.umask(PRIVATE_UMASK)


def restrict(home: Path) -> int:
    """Take the access of others away from a home and all that is in it; return the number of changed paths.

    What vanishes meanwhile and what belongs to another user is left out; symbolic links are not followed.
    """
    return sum(_restrict_path(path) for path in open_to_others(home))


def open_to_others(home: Path) -> Iterator[Path]:
    """Yield the files and folders of a home, itself included, that the group or others may access."""
    for folder, _, names in os.walk(home.resolve()):
        for path in (Path(folder), *(Path(folder, name) for name in names)):
            if _mode_of(path) & _OTHERS:
                yield path


def _mode_of(path: Path) -> int:
    """Return the mode of a file or folder; 0 for one that is gone, and for a symbolic link, whose mode says nothing."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return 0
    return 0 if stat.S_ISLNK(mode) else stat.S_IMODE(mode)


def _restrict_path(path: Path) -> bool:
    try:
        path.chmod(_mode_of(path) & ~_OTHERS)
    except OSError:
        return False
    return True
