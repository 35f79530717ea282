"""Stores: the decision log in memory, and builders of its records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from features.decisions.records import Decision, Exposure, OutcomeEvent
from features.decisions.storage import Entry, Result, WriteBatch


class DictionaryStorage:
    """Entries in a dictionary."""

    def __init__(self) -> None:
        self.entries: dict[Entry, bytes] = {}

    def read(self, entries: Sequence[Entry]) -> dict[Entry, bytes | None]:
        return {entry: self.entries.get(entry) for entry in entries}

    def update(self, entries: Sequence[Entry], work: Callable[[WriteBatch], Result]) -> Result:
        batch = WriteBatch(self.read(entries))
        result = work(batch)
        for entry, value in batch.changes.items():
            if value is None:
                del self.entries[entry]
            else:
                self.entries[entry] = value
        return result

    def scan(self, table: str) -> Iterator[bytes]:
        return iter([value for (name, _), value in self.entries.items() if name == table])

    def counts(self) -> dict[str, int]:
        return {table: len([*self.scan(table)]) for table in ("decisions", "exposures", "outcomes", "customers")}


def decision(
    decision_id: str = "d1", customer_id: str = "ann", *, arm: str = "none", at: int = 10, epoch: int = 1
) -> Decision:
    return Decision(
        decision_id=decision_id, experiment_id="win-back", epoch=epoch, customer_id=customer_id, decided_at=at, arm=arm,
        probabilities=(0.5, 0.5), probability=0.5, reason="drawn", predicted_orders=0.7,
    )  # fmt: skip


def exposure(decision_id: str = "d1", at: int = 20, cost: float | None = None) -> Exposure:
    return Exposure(decision_id=decision_id, state="sent", at=at, cost=cost)


def outcome(
    outcome_id: str = "o1",
    *,
    decision_id: str | None = None,
    customer_id: str | None = None,
    value: float | None = None,
    recorded_at: int = 40,
) -> OutcomeEvent:
    return OutcomeEvent(
        outcome_id=outcome_id, kind="click", happened_at=30, recorded_at=recorded_at, customer_id=customer_id,
        decision_id=decision_id, value=value,
    )  # fmt: skip
