"""Ledger backends: the consent ledger lies in the home, or in the Redis that also holds the online store."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from features.consents.ledger import Ledger
from features.consents.ledger_memory import LedgerMemory
from features.errors import InvalidStore, RowsLost
from features.online.backends import LMDB, resolve_location
from features.storage.secret import load_secret

if TYPE_CHECKING:
    from features.consents.lmdb import LmdbLedgerStorage
    from features.consents.redis import RedisLedgerStorage

LOCAL_FOLDER = "consents"
RESTORING_FOLDER = ".restoring"  # in the home: a backup that is about to take the place of its files


def open_ledger(home: Path, online_store: str) -> Ledger:
    """The consent ledger of a home; a local one is moved into the Redis that ``online_store`` names, if any.

    Raises:
        InvalidStore: the consents are in a Redis already, and ``online_store`` no longer names it.
        StoreUnavailable: there is a local ledger to move, and Redis does not answer.
        RowsLost: a restore of a backup was interrupted, or the home remembers other consents.
    """
    if (home / RESTORING_FOLDER).is_dir():
        raise RowsLost(
            f"Found a restore in {home} that was interrupted; expected a whole home. Finish it: `flywheel restore`."
        )
    if online_store != LMDB:
        return _open_shared_ledger(resolve_location(online_store, home), home)
    point = LedgerMemory(home).read()
    if point is not None and point.store == "redis":
        raise InvalidStore(
            f"Found the online store {LMDB} for {home}, whose consents are in a Redis; expected the address of that "
            "Redis: set FLYWHEEL_ONLINE_STORE. Where that Redis is gone for good, run `flywheel restore`."
        )
    return _open_local_ledger(home)


def open_storage(home: Path, online_store: str) -> LmdbLedgerStorage | RedisLedgerStorage:
    """The storage of a home's ledger, whatever the home remembers of it; for repairs.

    Raises:
        InvalidStore: it does not open.
    """
    if online_store == LMDB:
        return _local_storage(home)
    from features.consents.redis import RedisLedgerStorage  # noqa: PLC0415 - the import takes 0.4 s

    return RedisLedgerStorage.open(resolve_location(online_store, home), home)


def _open_local_ledger(home: Path) -> Ledger:
    return Ledger(_local_storage(home), lambda: load_secret(home))


def _local_storage(home: Path) -> LmdbLedgerStorage:
    from features.consents.lmdb import LmdbLedgerStorage  # noqa: PLC0415 - only a local ledger needs LMDB

    return LmdbLedgerStorage.open(home / LOCAL_FOLDER)


def _open_shared_ledger(url: str, home: Path) -> Ledger:
    from features.consents.redis import RedisLedgerStorage  # noqa: PLC0415 - the import takes 0.4 s

    shared, point = Ledger(RedisLedgerStorage.open(url, home), lambda: load_secret(home)), LedgerMemory(home).read()
    if (home / LOCAL_FOLDER).is_dir():
        _migrate_local_ledger(home, shared, is_checked=point is None or point.store == "lmdb")
    elif point is not None and point.store == "lmdb":
        raise RowsLost(
            f"Found no {home / LOCAL_FOLDER}, whose consents were to move to Redis; expected state {point.revision} "
            "of them. Put the folder back, or run `flywheel restore`."
        )
    return shared


def _migrate_local_ledger(home: Path, shared: Ledger, *, is_checked: bool) -> None:
    """Copy the local ledger into Redis, then remove it: a later erasure would not reach the local copy.

    It is checked against the home's memory, unless an earlier migration stopped after Redis had taken its place.
    """
    local = _open_local_ledger(home)
    if is_checked:
        local.state()
    with _local_storage(home).binding.lenient():  # from the first write to Redis on, the home remembers that ledger
        if local.state():
            shared.import_from(local)
    with suppress(FileNotFoundError):
        shutil.rmtree(home / LOCAL_FOLDER)
