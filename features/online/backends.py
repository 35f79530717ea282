"""Which store holds the packed rows? LMDB on this machine, or a Redis that several machines share: a word decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from features.errors import InvalidStore
from features.online.feature_rows import FeatureRows
from features.online.lmdb import LmdbStore
from features.views import View

LMDB = "lmdb"
SCHEMES = ("redis://", "rediss://", "unix://")


class Reader(Protocol):
    """Reads all views of a customer side by side, from one moment of the store."""

    @property
    def timeout_seconds(self) -> float | None:
        """The most seconds that a read should take; None where it never waits for another machine."""
        ...

    def read(self, customer_ids: Sequence[str]) -> FeatureRows:
        """What is stored of these customers, in the order asked for."""
        ...


class Writer(Protocol):
    """Collects one write."""

    def replace(self, view: str, packed: Mapping[str, bytes]) -> None:
        """Make the view hold exactly these customers."""
        ...

    def merge(self, view: str, packed: Mapping[str, bytes]) -> None:
        """Add to the view; of two rows of a customer the one of the later event stays."""
        ...

    def drop(self, view: str) -> None:
        """Remove every row of a view."""
        ...

    def erase(self, customer_id: str) -> int:
        """Remove one customer from every view; how many rows that was."""
        ...


class Store(Protocol):
    """Where packed rows are kept."""

    def reader(self, views: tuple[View, ...]) -> Reader:
        """Reads these views."""
        ...

    def write_transaction(self) -> AbstractContextManager[Writer]:
        """One write, all of it or nothing."""
        ...

    def packed_values(self, view: str, customer_ids: Sequence[str]) -> list[bytes | None]:
        """The packed rows as they lie there, None for an unknown customer."""
        ...


def resolve_location(setting: str, home: Path) -> str:
    """Where a home's online store is, from the word in its configuration: a folder, or the address of a Redis.

    Raises:
        InvalidStore: the word is neither ``lmdb`` nor such an address.
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
    """The store in a folder or at an address; raises InvalidStore for an address that cannot be one."""
    return _open_redis_store(location) if location.startswith(SCHEMES) else LmdbStore(Path(location))


@lru_cache(maxsize=8)
def _open_redis_store(url: str) -> Store:
    from features.online.redis import RedisStore  # noqa: PLC0415 - 0.4 s that only those who use it should pay

    return RedisStore(url)
