"""Decision log backends: the log lies in the home, or in the Redis that also holds the consents."""

from __future__ import annotations

import shutil
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from features.decisions.decision_log import DecisionLog
from features.decisions.storage import DecisionStorage
from features.online.backends import LMDB, resolve_location
from features.storage.lmdb_file import DATA_FILE

LOCAL_FOLDER = "decisions"


def open_decisions(home: Path, online_store: str) -> DecisionLog:
    """The decision log of a home; a local one is moved into the Redis that ``online_store`` names, if any.

    Raises:
        InvalidStore: ``online_store`` is no location, or the folder cannot be opened.
        StoreUnavailable: there is a local log to move, and Redis does not answer.
    """
    if online_store == LMDB:
        return local_decisions(home)
    shared = DecisionLog(_shared_storage(resolve_location(online_store, home)))
    if (home / LOCAL_FOLDER).is_dir():
        shared.import_from(local_decisions(home))
        with suppress(FileNotFoundError):  # another process moved it
            shutil.rmtree(home / LOCAL_FOLDER)
    return shared


def has_decisions(home: Path, online_store: str) -> bool:
    """Whether a decision log may have records: always in Redis, in a home once there is one."""
    return online_store != LMDB or (home / LOCAL_FOLDER / DATA_FILE).is_file()


def local_decisions(home: Path) -> DecisionLog:
    """The decision log in the folder of a home."""
    return DecisionLog(_local_storage(home / LOCAL_FOLDER))


@lru_cache(maxsize=8)
def _local_storage(folder: Path) -> DecisionStorage:
    from features.decisions.lmdb import LmdbDecisionStorage  # noqa: PLC0415 - only a local log needs LMDB

    return LmdbDecisionStorage(folder)


@lru_cache(maxsize=8)
def _shared_storage(url: str) -> DecisionStorage:
    from features.decisions.redis import RedisDecisionStorage  # noqa: PLC0415 - the import takes 0.4 s

    return RedisDecisionStorage(url)
