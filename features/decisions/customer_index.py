"""Customer index: which records of the decision log belong to a customer, so that an erasure finds all of them."""

from __future__ import annotations

from collections.abc import Collection

from features.decisions.codec import CustomerIndex, pack_index, unpack_index
from features.decisions.storage import CUSTOMERS, WriteBatch


def add_to_index(
    batch: WriteBatch, customer_id: str, *, decision_id: str | None = None, outcome_id: str | None = None
) -> None:
    """Add a record to those of its customer."""
    index = customer_index(batch, customer_id)
    decisions = {*index.decisions, *([] if decision_id is None else [decision_id])}
    outcomes = {*index.outcomes, *([] if outcome_id is None else [outcome_id])}
    _write_index(batch, customer_id, decisions, outcomes)


def remove_from_index(
    batch: WriteBatch, customer_id: str, decision_ids: Collection[str], outcome_ids: Collection[str]
) -> None:
    """Take records off those of their customer."""
    index = customer_index(batch, customer_id)
    _write_index(batch, customer_id, {*index.decisions} - {*decision_ids}, {*index.outcomes} - {*outcome_ids})


def customer_index(batch: WriteBatch, customer_id: str) -> CustomerIndex:
    """The records of a customer."""
    value = batch.get((CUSTOMERS, customer_id))
    return CustomerIndex(customer_id) if value is None else unpack_index(value)


def _write_index(batch: WriteBatch, customer_id: str, decision_ids: set[str], outcome_ids: set[str]) -> None:
    if decision_ids or outcome_ids:
        index = CustomerIndex(customer_id, tuple(sorted(decision_ids)), tuple(sorted(outcome_ids)))
        batch.put((CUSTOMERS, customer_id), pack_index(index))
    else:
        batch.remove((CUSTOMERS, customer_id))
