"""Tier interface: the predictions that every tier of the fallback chain makes, before coherence is enforced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from features.arrays import Floats


class Tier(Protocol):
    """Tier: one level of the fallback chain, which predicts the inputs of all models' answers."""

    @property
    def edges(self) -> Sequence[float] | Floats:
        """Days between which the daily hazard is constant, ascending from 0."""
        ...

    def order_by(self, inputs: Floats, days: Floats) -> Floats:
        """Return P(order within days[j]), (n, len(days))."""
        ...

    def orders_and_spend(self, inputs: Floats, within: Floats) -> tuple[Floats, Floats | None]:
        """Return orders and net amount within each learned horizon, each (n, learned), given P(order) within each.

        The amount is None where the log has no amounts.
        """
        ...
