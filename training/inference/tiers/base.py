"""Tier interface: the predictions that every tier makes for buyers, before coherence is enforced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from features.arrays import Floats


@dataclass(frozen=True)
class TierAnswer:
    """Tier answer: predictions for n customers with an order."""

    order_by: Floats  # (n, days) P(order within each day)
    orders: Floats  # (n, learned) expected orders within each learned horizon
    spend: Floats | None  # (n, learned) expected net amount; None where the log has no amounts


class Tier(Protocol):
    """Tier: what answers all questions of a release."""

    @property
    def edges(self) -> Sequence[float] | Floats:
        """Days between which the daily hazard is constant, ascending from 0."""
        ...

    def answer(self, inputs: Floats, days: Floats) -> TierAnswer:
        """Predict n customers from inputs (n, names), P(order) within each of ``days``, (k,) ascending."""
        ...
