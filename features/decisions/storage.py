"""Decision storage: the interface behind the decision log, with tables of entries and atomic writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Protocol, TypeVar

TABLES = DECISIONS, EXPOSURES, OUTCOMES, CUSTOMERS, META = ("decisions", "exposures", "outcomes", "customers", "meta")
MAX_KEY_BYTES = 500

Entry = tuple[str, str]  # a table, and the id of a record in it
Result = TypeVar("Result")


class WriteBatch:
    """Write batch: the entries that a write has read, and what it changes in them."""

    def __init__(self, stored: Mapping[Entry, bytes | None]) -> None:
        self._values = dict(stored)
        self.changes: dict[Entry, bytes | None] = {}  # None removes the entry

    def get(self, entry: Entry) -> bytes | None:
        """The value of an entry as this write leaves it; None where there is none."""
        return self._values[entry]

    def put(self, entry: Entry, value: bytes) -> None:
        """Write a value."""
        self._set(entry, value)

    def remove(self, entry: Entry) -> None:
        """Remove an entry; nothing happens where there is none."""
        self._set(entry, None)

    def _set(self, entry: Entry, value: bytes | None) -> None:
        if self._values[entry] != value:
            self._values[entry] = self.changes[entry] = value


class DecisionStorage(Protocol):
    """Entries by table and id. Every method raises StoreUnavailable, or StoreDamaged, as the stores do."""

    def read(self, entries: Sequence[Entry]) -> dict[Entry, bytes | None]:
        """The values of these entries, at one moment; None where there is none."""
        ...

    def update(self, entries: Sequence[Entry], work: Callable[[WriteBatch], Result]) -> Result:
        """Run ``work`` on these entries and store its changes, all or nothing.

        It runs again if another writer was first, so it must have no effect but on the batch.
        """
        ...

    def scan(self, table: str) -> Iterator[bytes]:
        """Every value of a table, once; one that changes meanwhile as before or as after."""
        ...

    def counts(self) -> dict[str, int]:
        """The number of entries by table."""
        ...


class OwnDecisionStorage(DecisionStorage, Protocol):
    """The storage itself, whatever a home remembers of it; for repairs."""

    def mend(self) -> bool:
        """Make a storage that lost a whole table usable again; returns whether it had lost one."""
        ...


def entry_key(record_id: str) -> bytes:
    """The key of a record: its id, or a hash of an id too long to be one."""
    key = b"\0" + record_id.encode("utf-8", "surrogatepass")
    return key if len(key) <= MAX_KEY_BYTES else b"\1" + blake2b(key, digest_size=32).digest()
