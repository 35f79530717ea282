"""Operating system errors: a full disk, a missing permission or a missing file as one sentence with its remedy."""

from __future__ import annotations

import errno

_REMEDIES = {
    errno.ENOSPC: (
        "free space on its disk",
        "Free space, or move the home to a larger disk, and run the command again",
    ),
    errno.EDQUOT: ("space within the quota of this user", "Free space or raise the quota, and run the command again"),
    errno.EROFS: ("a file system that can be written", "Mount it for writing, or name another folder with --home"),
    errno.EACCES: (
        "a path that this user may use",
        "Give this user access to it, or run as the user who owns the home",
    ),
    errno.EPERM: ("a path that this user may use", "Give this user access to it, or run as the user who owns the home"),
    errno.ENOENT: ("a file there", "Restore it, or correct the path"),
    errno.EISDIR: ("a file there", "Move the folder away, or correct the path"),
    errno.ENOTDIR: ("a folder there", "Move the file away, or correct the path"),
    errno.EMFILE: ("fewer open files than the limit of this user", "Raise the limit with `ulimit -n`, and try again"),
    errno.EIO: ("a disk that can be read and written", "Check the disk, and restore the home from a backup"),
}
_OTHERWISE = ("a path that can be read and written", "Check it, and run the command again")


def describe_os_error(error: OSError) -> str:
    """The sentence for an error of the operating system: the path, the reason, what was expected, and the remedy."""
    where = error.filename2 or error.filename
    reason = (error.strerror or errno.errorcode.get(error.errno or 0, "unknown error")).lower()
    expected, remedy = _REMEDIES.get(error.errno or 0, _OTHERWISE)
    found = (
        f"Found no way to use {where} ({reason})" if where is not None else f"Found an error of the system ({reason})"
    )
    return f"{found}; expected {expected}. {remedy}."
