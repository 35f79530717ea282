"""What does the ledger need of whatever keeps it? Reads at one moment, and writes that are whole or not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class LedgerRead:
    """What is kept of some customers, at one moment."""

    state: int  # greater with every change, 0 before the first
    defaults: bytes | None  # the fact of that name
    records: list[bytes | None]
    erased: list[bool]


DEFAULTS = "defaults"


class WriteTransaction(Protocol):
    """One write."""

    @property
    def stored(self) -> LedgerRead:
        """What is kept of the customers it is about; it stays so until the write ends."""
        ...

    def next_state(self) -> int:
        """The state that this write makes; the same however often it is asked."""
        ...

    def put(self, customer_id: str, value: bytes, previous_state: int | None, state: int) -> None:
        """A record in the place of the one written at the state ``previous_state``."""
        ...

    def remove(self, customer_id: str, previous_state: int | None) -> None:
        """No record in the place of the one written at the state ``previous_state``."""
        ...

    def add_tombstone(self, tombstone: bytes, state: int) -> None:
        """A tombstone."""
        ...

    def set_meta(self, name: str, value: bytes) -> None:
        """A fact of the whole shelf."""
        ...


class LedgerStorage(Protocol):
    """Records by customer, their changes in order, tombstones, and a few facts."""

    @property
    def timeout_seconds(self) -> float | None:
        """The most seconds that a read should take; None where it never waits for another machine."""
        ...

    def read(self, customer_ids: Sequence[str], tombstones: Sequence[bytes]) -> LedgerRead:
        """The records of these customers, and which of these tombstones there are."""
        ...

    def meta(self, name: str) -> bytes | None:
        """A fact of the whole shelf."""
        ...

    def state(self) -> int:
        """What every change makes greater; 0 before the first."""
        ...

    def records(self) -> Iterator[bytes]:
        """Every record, once; of what changes meanwhile the one or the other."""
        ...

    def changed_since(self, state: int) -> list[bytes]:
        """The records that changed after a state."""
        ...

    def tombstones(self) -> dict[bytes, int]:
        """The digests of who is forgotten, and the state since when."""
        ...

    def write(
        self, customer_ids: Sequence[str], tombstones: Sequence[bytes], work: Callable[[WriteTransaction], Result]
    ) -> Result:
        """One write about these customers, all of it or nothing; the work is done again if another writer was first."""
        ...

    def identity(self) -> str:
        """What tells it from another that took its place."""
        ...
