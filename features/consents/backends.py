"""Where is a home's ledger? In the home, or in the Redis that also holds its online store: one word says both."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from features.consents.ledger import Ledger
from features.consents.ledger_binding import MARK
from features.errors import BadStore
from features.online.backends import LMDB, place
from features.storage.secret import secret

_OWN = "consents"


def ledger(home: Path, online: str) -> Ledger:
    """The ledger of a home; what the home's own one held is carried into a Redis that is named from now on.

    Raises:
        BadStore: the consents are in a Redis already, and ``online`` no longer names it.
        Unreachable: there is something to carry, and Redis does not answer.
    """
    if online != LMDB:
        return _shared(place(online, home), home)
    if (home / MARK).is_file():
        raise BadStore(
            f"Found the online store {LMDB} for {home}, whose consents are in a Redis; expected the address of that. "
            f"Set FLYWHEEL_ONLINE_STORE, or, to begin without any consents, remove {home / MARK}."
        )
    return _own(home)


def _own(home: Path) -> Ledger:
    from features.consents.lmdb import LmdbShelf  # noqa: PLC0415 - whoever keeps it elsewhere needs no LMDB

    return Ledger(LmdbShelf.at(home / _OWN), lambda: secret(home))


def _shared(url: str, home: Path) -> Ledger:
    from features.consents.redis import RedisShelf  # noqa: PLC0415 - 0.4 s that only those who use it should pay

    shared = Ledger(RedisShelf.of(url, home), lambda: secret(home))
    if (home / _OWN).is_dir():
        _carry(home, shared)
    return shared


def _carry(home: Path, shared: Ledger) -> None:
    """Whoever is forgotten later must not be left behind here, so that what was carried is removed; at the very end."""
    own = _own(home)
    if own.state():
        shared.take_over(own)
    with suppress(FileNotFoundError):
        shutil.rmtree(home / _OWN)
