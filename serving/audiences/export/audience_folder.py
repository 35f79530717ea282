"""Audience folder: the ids, the lock and the drafts of stored audiences, and how a damaged one is set aside.

A stored audience is a cache: what cannot be read is deleted, with one line in the log, and everything else goes on. An
empty file ``.damaged-<audience_id>`` remembers it, so that a request for its members is told why it is gone.
"""

from __future__ import annotations

import fcntl
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from features.errors import StoreUnavailable
from serving.audiences.errors import AudienceDamaged, AudienceNotFound
from serving.observability.clock import SystemClock
from serving.observability.json_logs import json_log

_LOCK_FILE, DRAFT_PREFIX, DAMAGED_PREFIX = ".lock", ".draft-", ".damaged-"
_ID_PATTERN = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Lock the folder for one process that changes audiences; readers do not wait."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK_FILE).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def audience_ids(folder: Path) -> list[str]:
    """Return the ids of all stored audiences."""
    return sorted(path.name for path in folder.iterdir() if _ID_PATTERN.fullmatch(path.name))


def delete_drafts(folder: Path) -> None:
    """Delete the drafts of killed processes; under the lock no other process has one."""
    for draft in folder.glob(f"{DRAFT_PREFIX}*"):
        _remove(draft)


def delete_audience(folder: Path, audience_id: str) -> None:
    """Delete an audience under the lock; the rename comes first, so that no reader sees half of it."""
    _remove((folder / audience_id).rename(folder / f"{DRAFT_PREFIX}{audience_id}"))


@contextmanager
def open_audience(folder: Path, audience_id: str) -> Iterator[Path]:
    """Yield the folder of an audience for reading; one that turns out to be damaged is set aside.

    Raises:
        AudienceNotFound: no audience is stored under this id.
        AudienceDamaged: the audience could not be read, and was deleted.
        StoreUnavailable: the files may be intact, but this process cannot read them.
    """
    path = _existing(folder, audience_id)
    try:
        yield path
    except (ValueError, OSError) as error:
        with folder_lock(folder):
            if path.exists():  # else it has expired in the meantime
                set_aside(folder, audience_id, error)
        raise _missing(folder, audience_id) from None


def set_aside(folder: Path, audience_id: str, error: ValueError | OSError) -> None:
    """Delete a damaged audience under the lock, remember its id, and log one line.

    Raises:
        StoreUnavailable: the files may be intact, but this process can neither read nor delete them.
    """
    if isinstance(error, OSError) and not isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError):
        raise StoreUnavailable(
            f"Found no way to read the audience {audience_id} ({error.strerror}); expected read access to {folder}."
        ) from None
    try:
        delete_audience(folder, audience_id)
        (folder / f"{DAMAGED_PREFIX}{audience_id}").touch()
    except OSError as failure:
        raise StoreUnavailable(
            f"Found the damaged audience {audience_id} and no way to delete it ({failure.strerror}); expected write "
            f"access to {folder}."
        ) from None
    json_log(SystemClock()).warning("damaged audience deleted", audience=audience_id, error=type(error).__name__)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _existing(folder: Path, audience_id: str) -> Path:
    if _ID_PATTERN.fullmatch(audience_id) and (folder / audience_id).exists():
        return folder / audience_id
    raise _missing(folder, audience_id)


def _missing(folder: Path, audience_id: str) -> AudienceNotFound:
    if _ID_PATTERN.fullmatch(audience_id) and (folder / f"{DAMAGED_PREFIX}{audience_id}").exists():
        return AudienceDamaged(
            f"Found the audience {audience_id} damaged, so it was deleted; expected whole files. Create it again: "
            "POST /v1/audiences."
        )
    return AudienceNotFound(
        f"Found no audience {audience_id[:40]!r}: it never existed, or it has expired. "
        "Create a new one: POST /v1/audiences."
    )
