"""Decision log: what was decided about whom, what became of it, and the outcomes that the shop's log does not hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from features.decisions.codec import (
    pack_exposures,
    pack_record,
    unpack_decision,
    unpack_exposures,
    unpack_index,
    unpack_outcome,
)
from features.decisions.customer_index import add_to_index
from features.decisions.intake import (
    ACCEPTED,
    UNKNOWN_DECISION,
    IntakeResult,
    check_same_decision,
    compare_exposure,
    compare_outcome,
)
from features.decisions.records import Decision, Exposure, OutcomeEvent
from features.decisions.removal import remove_customers, remove_records
from features.decisions.storage import CUSTOMERS, DECISIONS, EXPOSURES, OUTCOMES, DecisionStorage, Entry, WriteBatch

BATCH_SIZE = 1000  # records in one write; other writers wait for it
Sent = TypeVar("Sent")
Answer = TypeVar("Answer")


class DecisionLog:
    """The decision log of a home. Every method raises StoreUnavailable when the storage does not answer."""

    def __init__(self, storage: DecisionStorage) -> None:
        self._storage = storage

    def record(self, decisions: Sequence[Decision]) -> list[Decision]:
        """Write the decisions that are new, and return the stored one for each: the first wins. Idempotent.

        Raises:
            DecisionConflict: an id is in the log with another experiment or customer; its batch of BATCH_SIZE is not
                written.
        """

        def write(batch: WriteBatch, sent: Decision) -> Decision:
            stored = batch.get((DECISIONS, sent.decision_id))
            if stored is not None:
                check_same_decision(first := unpack_decision(stored), sent)
                return first
            batch.put((DECISIONS, sent.decision_id), pack_record(sent))
            add_to_index(batch, sent.customer_id, decision_id=sent.decision_id)
            return sent

        return self._write(
            decisions, write, lambda sent: ((DECISIONS, sent.decision_id), (CUSTOMERS, sent.customer_id))
        )

    def find(self, decision_ids: Sequence[str]) -> list[Decision | None]:
        """The stored decision of each id; None for an unknown one."""
        values = self._storage.read([(DECISIONS, decision_id) for decision_id in decision_ids])
        found = ((values[DECISIONS, decision_id]) for decision_id in decision_ids)
        return [None if value is None else unpack_decision(value) for value in found]

    def find_outcomes(self, outcome_ids: Sequence[str]) -> list[OutcomeEvent | None]:
        """The stored outcome of each id, with its customer; None for an unknown one."""
        values = self._storage.read([(OUTCOMES, outcome_id) for outcome_id in outcome_ids])
        found = ((values[OUTCOMES, outcome_id]) for outcome_id in outcome_ids)
        return [None if value is None else unpack_outcome(value) for value in found]

    def record_exposures(self, exposures: Sequence[Exposure]) -> list[IntakeResult]:
        """Write the exposures that are new, each of a stored decision; returns what became of each. Idempotent."""

        def write(batch: WriteBatch, sent: Exposure) -> IntakeResult:
            if batch.get((DECISIONS, sent.decision_id)) is None:
                return UNKNOWN_DECISION
            stored = unpack_exposures(batch.get((EXPOSURES, sent.decision_id)))
            result = compare_exposure(stored, sent)
            if result == ACCEPTED:
                batch.put((EXPOSURES, sent.decision_id), pack_exposures([*stored, sent]))
            return result

        return self._write(exposures, write, lambda sent: tuple((t, sent.decision_id) for t in (DECISIONS, EXPOSURES)))

    def record_outcomes(self, outcomes: Sequence[OutcomeEvent]) -> list[IntakeResult]:
        """Write the outcomes that are new or recorded later; returns what became of each. Idempotent.

        An outcome of a decision is stored with the customer of the decision.
        """
        sent_ids = [sent.decision_id for sent in outcomes if sent.decision_id is not None]
        decisions = dict(zip(sent_ids, self.find(sent_ids), strict=True))
        resolved = [
            sent if (decision := decisions.get(sent.decision_id or "")) is None
            else replace(sent, customer_id=decision.customer_id)
            for sent in outcomes
        ]  # fmt: skip

        def write(batch: WriteBatch, sent: OutcomeEvent) -> IntakeResult:
            # The decision may have been removed since it was read.
            is_known = sent.decision_id is None or batch.get((DECISIONS, sent.decision_id)) is not None
            return _write_outcome(batch, sent) if sent.customer_id is not None and is_known else UNKNOWN_DECISION

        return self._write(resolved, write, _outcome_entries)

    def restore_outcomes(self, outcomes: Sequence[OutcomeEvent]) -> None:
        """Write outcomes with their customers, as another log or the history has them; their decisions may be gone."""
        self._write(outcomes, _write_outcome, _outcome_entries)

    def delete_customers(self, customer_ids: Collection[str]) -> dict[str, int]:
        """Delete all records of these customers; returns the number of deleted records by table."""
        return remove_customers(self._storage, customer_ids)

    def remove(self, decision_ids: Collection[str], outcome_ids: Collection[str]) -> None:
        """Remove records that the history holds; those of later intake for them are refused as unknown."""
        remove_records(self._storage, decision_ids, outcome_ids)

    def customer_ids(self) -> Iterator[str]:
        """The customers with a record."""
        return (unpack_index(value).customer_id for value in self._storage.scan(CUSTOMERS))

    def decisions(self) -> Iterator[Decision]:
        """Every decision, in no order."""
        return map(unpack_decision, self._storage.scan(DECISIONS))

    def exposures(self) -> Iterator[Exposure]:
        """Every exposure, in no order."""
        return (exposure for value in self._storage.scan(EXPOSURES) for exposure in unpack_exposures(value))

    def outcomes(self) -> Iterator[OutcomeEvent]:
        """Every outcome, with its customer, in no order."""
        return map(unpack_outcome, self._storage.scan(OUTCOMES))

    def counts(self) -> dict[str, int]:
        """The number of decisions, of decisions with exposures, of outcomes and of customers."""
        counts = self._storage.counts()
        return {table: counts[table] for table in (DECISIONS, EXPOSURES, OUTCOMES, CUSTOMERS)}

    def import_from(self, other: DecisionLog) -> None:
        """Import the records of another log; those that are here stay. Idempotent."""
        self.record([*other.decisions()])
        self.record_exposures([*other.exposures()])
        self.restore_outcomes([*other.outcomes()])

    def _write(
        self,
        records: Sequence[Sent],
        write: Callable[[WriteBatch, Sent], Answer],
        entries: Callable[[Sent], Sequence[Entry]],
    ) -> list[Answer]:
        answers: list[Answer] = []
        for start in range(0, len(records), BATCH_SIZE):
            chunk = records[start : start + BATCH_SIZE]
            needed = [entry for record in chunk for entry in entries(record)]

            def work(batch: WriteBatch, chunk: Sequence[Sent] = chunk) -> list[Answer]:
                return [write(batch, sent) for sent in chunk]

            answers += self._storage.update(needed, work)
        return answers


def _write_outcome(batch: WriteBatch, sent: OutcomeEvent) -> IntakeResult:
    value = batch.get((OUTCOMES, sent.outcome_id))
    result = compare_outcome(None if value is None else unpack_outcome(value), sent)
    if result == ACCEPTED:
        batch.put((OUTCOMES, sent.outcome_id), pack_record(sent))
        add_to_index(batch, str(sent.customer_id), outcome_id=sent.outcome_id)
    return result


def _outcome_entries(sent: OutcomeEvent) -> Sequence[Entry]:
    entries: list[Entry] = [(OUTCOMES, sent.outcome_id)]
    entries += [] if sent.decision_id is None else [(DECISIONS, sent.decision_id)]
    return entries + ([] if sent.customer_id is None else [(CUSTOMERS, sent.customer_id)])
