"""Ledger backends: the consent ledger lies in the home, or in the Redis that also holds the online store."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from features.consents.ledger import Ledger
from features.consents.ledger_binding import BINDING_FILE
from features.errors import InvalidStore
from features.online.backends import LMDB, resolve_location
from features.storage.secret import load_secret

LOCAL_FOLDER = "consents"


def open_ledger(home: Path, online_store: str) -> Ledger:
    """The consent ledger of a home; a local one is moved into the Redis that ``online_store`` names, if any.

    Raises:
        InvalidStore: the consents are in a Redis already, and ``online_store`` no longer names it.
        StoreUnavailable: there is a local ledger to move, and Redis does not answer.
    """
    if online_store != LMDB:
        return _open_shared_ledger(resolve_location(online_store, home), home)
    if (home / BINDING_FILE).is_file():
        raise InvalidStore(
            f"Found the online store {LMDB} for {home}, whose consents are in a Redis; expected the address of that "
            f"Redis. Set FLYWHEEL_ONLINE_STORE, or, to begin without any consents, remove {home / BINDING_FILE}."
        )
    return _open_local_ledger(home)


def _open_local_ledger(home: Path) -> Ledger:
    from features.consents.lmdb import LmdbLedgerStorage  # noqa: PLC0415 - only a local ledger needs LMDB

    return Ledger(LmdbLedgerStorage.open(home / LOCAL_FOLDER), lambda: load_secret(home))


def _open_shared_ledger(url: str, home: Path) -> Ledger:
    from features.consents.redis import RedisLedgerStorage  # noqa: PLC0415 - the import takes 0.4 s

    shared = Ledger(RedisLedgerStorage.open(url, home), lambda: load_secret(home))
    if (home / LOCAL_FOLDER).is_dir():
        _migrate_local_ledger(home, shared)
    return shared


def _migrate_local_ledger(home: Path, shared: Ledger) -> None:
    """Copy the local ledger into Redis, then remove it: a later erasure would not reach the local copy."""
    local = _open_local_ledger(home)
    if local.state():
        shared.import_from(local)
    with suppress(FileNotFoundError):
        shutil.rmtree(home / LOCAL_FOLDER)
