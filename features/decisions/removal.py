"""Removal: records leave the decision log, all of a customer at an erasure, and old ones that the history holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from features.decisions.codec import CustomerIndex, unpack_decision, unpack_exposures, unpack_index, unpack_outcome
from features.decisions.customer_index import customer_index, remove_from_index
from features.decisions.storage import CUSTOMERS, DECISIONS, EXPOSURES, OUTCOMES, DecisionStorage, Entry, WriteBatch

BATCH_SIZE = 1000  # records in one write


def remove_customers(storage: DecisionStorage, customer_ids: Collection[str]) -> dict[str, int]:
    """Remove all records of these customers; returns the number of removed records by table."""
    counts = Counter(dict.fromkeys((DECISIONS, EXPOSURES, OUTCOMES), 0))
    for customer_id in sorted({*customer_ids}):
        removed = None
        while removed is None:  # a record that was written since the index was read
            value = storage.read([(CUSTOMERS, customer_id)])[CUSTOMERS, customer_id]
            removed = {} if value is None else _remove_customer(storage, unpack_index(value))
        counts.update(removed)
    return dict(counts)


def remove_records(storage: DecisionStorage, decision_ids: Collection[str], outcome_ids: Collection[str]) -> None:
    """Remove decisions with their exposures, and outcomes; unknown ids change nothing."""
    for table, ids in ((DECISIONS, sorted({*decision_ids})), (OUTCOMES, sorted({*outcome_ids}))):
        for start in range(0, len(ids), BATCH_SIZE):
            _remove_records(storage, table, ids[start : start + BATCH_SIZE])


def _remove_customer(storage: DecisionStorage, index: CustomerIndex) -> dict[str, int] | None:
    """Remove the records of one customer; None where the index has changed meanwhile."""

    def write(batch: WriteBatch) -> dict[str, int] | None:
        if customer_index(batch, index.customer_id) != index:
            return None
        values = [batch.get((EXPOSURES, decision_id)) for decision_id in index.decisions]
        for entry in entries:
            batch.remove(entry)
        exposures = sum(len(unpack_exposures(value)) for value in values)
        return {DECISIONS: len(index.decisions), EXPOSURES: exposures, OUTCOMES: len(index.outcomes)}

    entries = [(CUSTOMERS, index.customer_id), *_record_entries(index.decisions, index.outcomes)]
    return storage.update(entries, write)


def _remove_records(storage: DecisionStorage, table: str, ids: Sequence[str]) -> None:
    unpack = unpack_decision if table == DECISIONS else unpack_outcome
    values = storage.read([(table, record_id) for record_id in ids]).items()
    owners = {entry[1]: unpack(value).customer_id for entry, value in values if value is not None}

    def write(batch: WriteBatch) -> None:
        for record_id, customer_id in owners.items():
            is_decision = table == DECISIONS
            for entry in _record_entries([record_id] if is_decision else [], [] if is_decision else [record_id]):
                batch.remove(entry)
            remove_from_index(
                batch, str(customer_id), {record_id} if is_decision else (), () if is_decision else {record_id}
            )

    records = _record_entries(owners if table == DECISIONS else (), owners if table == OUTCOMES else ())
    storage.update([*records, *((CUSTOMERS, str(customer_id)) for customer_id in owners.values())], write)


def _record_entries(decision_ids: Iterable[str], outcome_ids: Iterable[str]) -> list[Entry]:
    decisions = [(table, decision_id) for decision_id in decision_ids for table in (DECISIONS, EXPOSURES)]
    return [*decisions, *((OUTCOMES, outcome_id) for outcome_id in outcome_ids)]
