"""What every rung of the ladder can say of some customers, before the answers are made to agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from features.arrays import Floats


class Tier(Protocol):
    """A way to answer all three questions, simple or not."""

    @property
    def edges(self) -> Sequence[float] | Floats:
        """Days between which its daily hazard stays the same, ascending from 0."""
        ...

    def order_by(self, inputs: Floats, days: Floats) -> Floats:
        """P(order within days[j]), (n, len(days))."""
        ...

    def orders_and_spend(self, inputs: Floats, within: Floats) -> tuple[Floats, Floats | None]:
        """Orders and net amount within each learned horizon, each (n, learned), given P(order) within each.

        No amount, where the log has none.
        """
        ...
