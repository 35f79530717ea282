"""In-memory ledger storage: a consent ledger in dictionaries, for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from features.consents.consent import LedgerRecord
from features.consents.ledger import Ledger
from features.consents.storage import DEFAULTS, LedgerRead, Result


class InMemoryLedgerStorage:
    """A ledger storage in dictionaries for a single writer."""

    timeout_seconds: float | None = None

    def __init__(self) -> None:
        self.stored_records: dict[str, bytes] = {}
        self.stored_tombstones: dict[bytes, int] = {}
        self.stored_meta: dict[str, bytes] = {}
        self.changes = 0

    def read(self, customer_ids: Sequence[str], tombstones: Sequence[bytes]) -> LedgerRead:
        records = [self.stored_records.get(customer_id) for customer_id in customer_ids]
        erased = [tombstone in self.stored_tombstones for tombstone in tombstones]
        return LedgerRead(self.changes, self.stored_meta.get(DEFAULTS), records, erased)

    def meta(self, name: str) -> bytes | None:
        return self.stored_meta.get(name)

    def state(self) -> int:
        return self.changes

    def records(self) -> Iterator[bytes]:
        yield from self.stored_records.values()

    def changed_since(self, state: int) -> list[bytes]:
        return [value for value in self.stored_records.values() if LedgerRecord.from_bytes(value).state > state]

    def tombstones(self) -> dict[bytes, int]:
        return dict(self.stored_tombstones)

    def write(
        self,
        customer_ids: Sequence[str],
        tombstones: Sequence[bytes],
        work: Callable[[InMemoryWriteTransaction], Result],
    ) -> Result:
        return work(InMemoryWriteTransaction(self, self.read(customer_ids, tombstones)))

    def identity(self) -> str:
        return "dictionary"


class InMemoryWriteTransaction:
    """A write transaction that changes the dictionaries immediately."""

    def __init__(self, storage: InMemoryLedgerStorage, stored: LedgerRead) -> None:
        self._storage = storage
        self.stored_records = stored

    def next_state(self, floor: int = 0) -> int:
        self._storage.changes = max(self.stored_records.state, floor) + 1
        return self._storage.changes

    def put(self, customer_id: str, value: bytes, previous_state: int | None, state: int) -> None:  # noqa: ARG002
        self._storage.stored_records[customer_id] = value

    def remove(self, customer_id: str, previous_state: int | None) -> None:  # noqa: ARG002
        self._storage.stored_records.pop(customer_id, None)

    def add_tombstone(self, tombstone: bytes, state: int) -> None:
        self._storage.stored_tombstones[tombstone] = state

    def set_meta(self, name: str, value: bytes) -> None:
        self._storage.stored_meta[name] = value


def in_memory_ledger() -> Ledger:
    """An empty ledger in memory, with a fixed secret."""
    return Ledger(InMemoryLedgerStorage(), lambda: b"s" * 32)
