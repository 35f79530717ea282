"""Erasure in the decision log: decisions, exposures and outcomes of a customer, in whichever store they lie."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from features.consents.ledger import Ledger
from features.decisions.backends import has_decisions, open_decisions


def delete_decisions(home: Path, online_store: str, customer_ids: Sequence[str]) -> dict[str, int]:
    """Delete customers from the decision log; return the number of deleted records by table, where there were any."""
    if not customer_ids or not has_decisions(home, online_store):
        return {}
    removed = open_decisions(home, online_store).delete_customers(customer_ids)
    return {table: count for table, count in removed.items() if count}


def erased_in_decisions(home: Path, online_store: str, ledger: Ledger) -> Sequence[str]:
    """The customers of the decision log who are erased."""
    if not has_decisions(home, online_store):
        return []
    return ledger.erased_among(open_decisions(home, online_store).customer_ids())
