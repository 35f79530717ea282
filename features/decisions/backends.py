"""Decision log backends: the log lies in the home, or in the Redis that also holds the consents."""

from __future__ import annotations

import shutil
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from features.decisions.binding import MEMORY_FILE, BoundDecisionStorage, LogMemory
from features.decisions.decision_log import DecisionLog
from features.decisions.storage import OwnDecisionStorage
from features.errors import InvalidStore, RowsLost
from features.online.backends import LMDB, resolve_location
from features.storage.lmdb_file import DATA_FILE, LOCK_FILE

LOCAL_FOLDER = "decisions"


def open_decisions(home: Path, online_store: str) -> DecisionLog:
    """The decision log of a home; a local one is moved into the Redis that ``online_store`` names, if any.

    Raises:
        InvalidStore: the log is in a Redis, and ``online_store`` does not name it; or the folder cannot be opened.
        RowsLost: a local log was to move to Redis and is gone.
        StoreUnavailable: there is a local log to move, and Redis does not answer.
    """
    point = LogMemory(home).read()
    if online_store == LMDB:
        if point is not None and point.store == "redis":
            raise InvalidStore(
                f"Found the online store {LMDB} for {home}, whose decisions are in a Redis; expected the address of "
                "that Redis: set FLYWHEEL_ONLINE_STORE. Where that Redis is gone for good, run `flywheel restore`."
            )
        return local_decisions(home)
    shared = DecisionLog(BoundDecisionStorage(open_storage(home, online_store), home, "redis"))
    if (home / LOCAL_FOLDER).is_dir():
        move_local(home, shared)
    elif point is not None and point.store == "lmdb":
        raise RowsLost(
            f"Found no {home / LOCAL_FOLDER}, whose decisions were to move to Redis; expected the log "
            f"{point.log_id}. Put the folder back, or run `flywheel restore`."
        )
    return shared


def has_decisions(home: Path, online_store: str) -> bool:
    """Whether a decision log may have records: always in Redis, in a home once there is one or was."""
    return online_store != LMDB or (home / LOCAL_FOLDER / DATA_FILE).is_file() or LogMemory(home).path.exists()


def local_decisions(home: Path) -> DecisionLog:
    """The decision log in the folder of a home."""
    return DecisionLog(BoundDecisionStorage(_local_storage(home / LOCAL_FOLDER), home, "lmdb"))


def open_storage(home: Path, online_store: str) -> OwnDecisionStorage:
    """The storage of a home's decision log, whatever the home remembers of it; for repairs."""
    if online_store == LMDB:
        return _local_storage(home / LOCAL_FOLDER)
    return _shared_storage(resolve_location(online_store, home))


def move_local(home: Path, shared: DecisionLog) -> None:
    """Copy the local log of a home into the one in Redis, then remove it: a later erasure would not reach the copy."""
    if (home / LOCAL_FOLDER).is_dir():
        shared.import_from(DecisionLog(_local_storage(home / LOCAL_FOLDER)))
        with suppress(FileNotFoundError):  # another process moved it
            shutil.rmtree(home / LOCAL_FOLDER)


def decisions_of_copy(home: Path) -> DecisionLog:
    """The local log in a copy of a home, such as a backup; it is closed with the last reference to it."""
    from features.decisions.lmdb import LmdbDecisionStorage  # noqa: PLC0415 - only a local log needs LMDB

    return DecisionLog(BoundDecisionStorage(LmdbDecisionStorage(home / LOCAL_FOLDER), home, "lmdb"))


def copy_shared_decisions(home: Path, online_store: str, target: Path) -> None:
    """Copy the log of a home in Redis into the folder of another home, as a local log of its own."""
    shared = open_decisions(home, online_store)
    if any(shared.counts().values()):
        (target / MEMORY_FILE).unlink(missing_ok=True)
        decisions_of_copy(target).import_from(shared)
        (target / LOCAL_FOLDER / LOCK_FILE).unlink(missing_ok=True)


@lru_cache(maxsize=8)
def _local_storage(folder: Path) -> OwnDecisionStorage:
    from features.decisions.lmdb import LmdbDecisionStorage  # noqa: PLC0415 - only a local log needs LMDB

    return LmdbDecisionStorage(folder)


@lru_cache(maxsize=8)
def _shared_storage(url: str) -> OwnDecisionStorage:
    from features.decisions.redis import RedisDecisionStorage  # noqa: PLC0415 - the import takes 0.4 s

    return RedisDecisionStorage(url)
