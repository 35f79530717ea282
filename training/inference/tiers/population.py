"""Population tier: the mean outcomes of all customers, where nothing tells them apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.inference.survival import survival_curve
from training.inference.tiers.base import TierAnswer


@dataclass(frozen=True)
class PopulationTier:
    """Population tier: one curve of the next order for all; only the value of an order is the customer's own."""

    names: tuple[str, ...]
    learned: tuple[int, ...]  # days
    edges: tuple[float, ...]  # (periods + 1,) days
    hazards: tuple[float, ...]  # (periods,)
    orders_per_buyer: tuple[float, ...]  # (learned,) orders per customer who orders
    order_value: float  # mean amount of an order, in the log's currency; 0 without amounts
    own_value_weight: float  # prior weight, in orders, against a customer's own mean order
    scale: tuple[float, ...]  # (learned,) factors that correct the total spend

    def answer(self, inputs: Floats, days: Floats) -> TierAnswer:
        """Predict n customers: the same for all but the value of their orders."""
        learned = self.within(np.asarray(self.learned, dtype=float)) * np.asarray(self.orders_per_buyer)
        orders = np.tile(learned, (len(inputs), 1))
        spend = orders * self.own_order_value(inputs)[:, None] * np.asarray(self.scale)
        return TierAnswer(np.tile(self.within(days), (len(inputs), 1)), orders, spend)

    def within(self, days: Floats) -> Floats:
        """P(order within each of ``days``), (k,)."""
        curve: Floats = survival_curve(np.asarray(self.hazards)[None], np.asarray(self.edges), days)[0]
        return curve

    def own_order_value(self, inputs: Floats) -> Floats:
        """Return the customer's mean order value, shrunk towards the population's, (n,)."""
        if not self.order_value or "mean_order" not in self.names:
            return np.full(len(inputs), self.order_value)
        count = np.nan_to_num(inputs[:, self.names.index("orders")])
        own = np.nan_to_num(inputs[:, self.names.index("mean_order")])
        value: Floats = (count * own + self.own_value_weight * self.order_value) / (count + self.own_value_weight)
        return value
