"""Decision log: what deciding needs of the log of decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from features.decisions.records import Decision


class DecisionLog(Protocol):
    """The decisions of a home, one for each id."""

    def find(self, decision_ids: Sequence[str]) -> Sequence[Decision | None]:
        """The stored decision of each id; None where there is none."""
        ...

    def record(self, decisions: Sequence[Decision]) -> Sequence[Decision]:
        """Store decisions, and return the stored one for each id: the first that was recorded."""
        ...

    def delete_customers(self, customer_ids: Sequence[str]) -> Mapping[str, int]:
        """Delete all rows of these customers; returns their number by table."""
        ...
