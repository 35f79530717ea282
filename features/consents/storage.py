"""Ledger storage: the interface behind the consent ledger, with consistent reads and transactional writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class LedgerRead:
    """The stored records of some customers, at one moment."""

    state: int  # increases with every change, 0 before the first
    defaults: bytes | None  # the metadata value DEFAULTS
    records: list[bytes | None]
    erased: list[bool]


@dataclass(frozen=True)
class LedgerFacts:
    """What a store says about the ledger in it."""

    ledger_id: str | None  # None before the first write, and in a local ledger of an earlier version
    proof: str | None  # a keyed hash that proves the secret with which the ledger was begun
    revision: int  # the state number


DEFAULTS = "defaults"
LEDGER_ID, PROOF, STATE = "ledger", "proof", "state"  # metadata values, written by the storage itself


class WriteTransaction(Protocol):
    """One write transaction."""

    @property
    def stored_records(self) -> LedgerRead:
        """The stored records of the customers of this write; they do not change until it ends."""
        ...

    def next_state(self, floor: int = 0) -> int:
        """The state number of this write, above ``floor``; the same on every call."""
        ...

    def put(self, customer_id: str, value: bytes, previous_state: int | None, state: int) -> None:
        """Write a record in place of the one written at the state ``previous_state``."""
        ...

    def remove(self, customer_id: str, previous_state: int | None) -> None:
        """Remove the record written at the state ``previous_state``."""
        ...

    def add_tombstone(self, tombstone: bytes, state: int) -> None:
        """Add a tombstone."""
        ...

    def set_meta(self, name: str, value: bytes) -> None:
        """Write a metadata value."""
        ...


class LedgerStorage(Protocol):
    """Records by customer, their changes in order, tombstones and metadata."""

    @property
    def timeout_seconds(self) -> float | None:
        """The time limit of a read, seconds; None where a read never waits for another machine."""
        ...

    def read(self, customer_ids: Sequence[str], tombstones: Sequence[bytes]) -> LedgerRead:
        """The records of these customers, and which of these tombstones exist."""
        ...

    def meta(self, name: str) -> bytes | None:
        """A metadata value, None if absent."""
        ...

    def state(self) -> int:
        """The state number: every change increases it; 0 before the first."""
        ...

    def records(self) -> Iterator[bytes]:
        """Every record, once; a record that changes during the read is returned as before or as after."""
        ...

    def changed_since(self, state: int) -> list[bytes]:
        """The records that changed after a state."""
        ...

    def tombstones(self) -> dict[bytes, int]:
        """The tombstones of erased customers, and the state at which each was written."""
        ...

    def write(
        self, customer_ids: Sequence[str], tombstones: Sequence[bytes], work: Callable[[WriteTransaction], Result]
    ) -> Result:
        """Run ``work`` in one write transaction, all or nothing; it runs again if another writer committed first."""
        ...

    def identity(self) -> str:
        """The id of this ledger; a new ledger that replaces it has another id."""
        ...
