"""Online store backends: packed rows lie in LMDB on this machine, or in a Redis that several machines share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from features.errors import InvalidStore, StoreDamaged
from features.online.feature_rows import FeatureRows
from features.online.lmdb import LmdbStore
from features.views import View

LMDB = "lmdb"
SCHEMES = ("redis://", "rediss://", "unix://")


class Reader(Protocol):
    """A reader of all views of customers, at one moment of the store."""

    @property
    def timeout_seconds(self) -> float | None:
        """The time limit of a read, seconds; None where a read never waits for another machine."""
        ...

    def read(self, customer_ids: Sequence[str]) -> FeatureRows:
        """The stored features of these customers, in the requested order."""
        ...


class Writer(Protocol):
    """One write transaction."""

    def replace(self, view: str, packed: Mapping[str, bytes]) -> None:
        """Make the view hold exactly these customers."""
        ...

    def merge(self, view: str, packed: Mapping[str, bytes]) -> None:
        """Add rows to the view; of two rows of a customer the one with the later event stays."""
        ...

    def drop(self, view: str) -> None:
        """Remove every row of a view."""
        ...

    def erase(self, customer_id: str) -> int:
        """Remove one customer from every view; returns the number of rows removed."""
        ...


class Store(Protocol):
    """An online store: it opens readers and write transactions."""

    def reader(self, views: tuple[View, ...]) -> Reader:
        """A reader of these views."""
        ...

    def write_transaction(self) -> AbstractContextManager[Writer]:
        """One write, all of it or nothing."""
        ...

    def packed_values(self, view: str, customer_ids: Sequence[str]) -> list[bytes | None]:
        """The packed rows of one view, None for an unknown customer."""
        ...

    def remove_damaged(self) -> StoreDamaged | None:
        """Before a publication: remove a damaged store that no write can mend, and return what was found."""
        ...


def resolve_location(setting: str, home: Path) -> str:
    """The location of a home's online store, from its setting: a folder, or the address of a Redis.

    Raises:
        InvalidStore: the setting is neither ``lmdb`` nor such an address.
    """
    if setting == LMDB:
        return str(home / "online")
    if not setting.startswith(SCHEMES):
        scheme = setting.partition("://")[0] + "://..." if "://" in setting else repr(setting)
        raise InvalidStore(
            f"Found the online store {scheme}; expected {LMDB}, or an address like redis://:password@host:6379/0. "
            "Set FLYWHEEL_ONLINE_STORE."
        )
    return setting


def open_store(location: str) -> Store:
    """The store in a folder or at an address; raises InvalidStore for an invalid address."""
    return _open_redis_store(location) if location.startswith(SCHEMES) else LmdbStore(Path(location))


@lru_cache(maxsize=8)
def _open_redis_store(url: str) -> Store:
    from features.online.redis import RedisStore  # noqa: PLC0415 - the import takes 0.4 s

    return RedisStore(url)
