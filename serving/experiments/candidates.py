"""Candidates: the customers of a request for decisions, each with the first reason for which it draws no arm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from features.arrays import Booleans
from serving.schemas.experiments import DecisionReason


@dataclass
class Candidates:
    """Different customers, in the order in which they were asked about."""

    customer_ids: Sequence[str]  # in canonical form
    reasons: dict[str, DecisionReason] = field(default_factory=dict)

    @property
    def remaining(self) -> list[str]:
        """The customers without a reason yet."""
        return [customer_id for customer_id in self.customer_ids if customer_id not in self.reasons]

    def exclude(self, customer_ids: Iterable[str], reason: DecisionReason) -> None:
        """Give a reason to the customers that have none."""
        for customer_id in customer_ids:
            self.reasons.setdefault(customer_id, reason)

    def exclude_where(
        self, customer_ids: Sequence[str], mask: Booleans | Sequence[bool], reason: DecisionReason
    ) -> None:
        """Give a reason to those of n customers whose entry in the mask, (n,), is true."""
        self.exclude((id_ for id_, is_excluded in zip(customer_ids, mask, strict=True) if is_excluded), reason)
