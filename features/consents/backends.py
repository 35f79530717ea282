"""Where is a home's ledger? In the home, or in the Redis that also holds its online store: one word says both."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from features.consents.ledger import Ledger
from features.consents.ledger_binding import BINDING_FILE
from features.errors import InvalidStore
from features.online.backends import LMDB, resolve_location
from features.storage.secret import load_secret

_LOCAL_FOLDER = "consents"


def open_ledger(home: Path, online_store: str) -> Ledger:
    """The ledger of a home; what the home's own one held is carried into a Redis that is named from now on.

    Raises:
        InvalidStore: the consents are in a Redis already, and ``online_store`` no longer names it.
        Unreachable: there is something to carry, and Redis does not answer.
    """
    if online_store != LMDB:
        return _open_shared_ledger(resolve_location(online_store, home), home)
    if (home / BINDING_FILE).is_file():
        raise InvalidStore(
            f"Found the online store {LMDB} for {home}, whose consents are in a Redis; expected the address of that. "
            f"Set FLYWHEEL_ONLINE_STORE, or, to begin without any consents, remove {home / BINDING_FILE}."
        )
    return _open_local_ledger(home)


def _open_local_ledger(home: Path) -> Ledger:
    from features.consents.lmdb import LmdbLedgerStorage  # noqa: PLC0415 - whoever keeps it elsewhere needs no LMDB

    return Ledger(LmdbLedgerStorage.open(home / _LOCAL_FOLDER), lambda: load_secret(home))


def _open_shared_ledger(url: str, home: Path) -> Ledger:
    from features.consents.redis import RedisLedgerStorage  # noqa: PLC0415 - 0.4 s that only those who use it should pay

    shared = Ledger(RedisLedgerStorage.open(url, home), lambda: load_secret(home))
    if (home / _LOCAL_FOLDER).is_dir():
        _migrate_local_ledger(home, shared)
    return shared


def _migrate_local_ledger(home: Path, shared: Ledger) -> None:
    """Whoever is forgotten later must not be left behind here, so that what was carried is removed; at the very end."""
    own = _open_local_ledger(home)
    if own.state():
        shared.import_from(own)
    with suppress(FileNotFoundError):
        shutil.rmtree(home / _LOCAL_FOLDER)
