"""Cohort tier: the mean outcomes of customers with similar frequency and recency, or of the whole population."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats, Integers
from training.inference.survival import survival_curve


@dataclass(frozen=True)
class CohortTier:
    """Cohort tier: rates per cell of frequency and recency, shrunk towards the population.

    With one cell it is the population tier.
    """

    names: tuple[str, ...]
    frequency: tuple[float, ...]  # inner borders of the classes of order count
    recency: tuple[float, ...]  # inner borders of the classes of days since the last order
    edges: tuple[float, ...]  # (periods + 1,) days
    hazards: tuple[tuple[float, ...], ...]  # (cells, periods)
    orders_per_buyer: tuple[tuple[float, ...], ...]  # (cells, learned) orders per customer who orders
    order_value: float  # mean amount of an order, in the log's currency; 0 without amounts
    own_value_weight: float  # prior weight, in orders, against a customer's own mean order
    scale: tuple[float, ...]  # (learned,) factors that correct the total spend

    def order_by(self, inputs: Floats, days: Floats) -> Floats:
        """Return P(order within days[j]), (n, len(days))."""
        return survival_curve(np.asarray(self.hazards), np.asarray(self.edges), days)[self.cells(inputs)]

    def orders_and_spend(self, inputs: Floats, within: Floats) -> tuple[Floats, Floats]:
        """Return orders, and orders times the customer's shrunken mean order value, each (n, learned)."""
        orders = within * np.asarray(self.orders_per_buyer)[self.cells(inputs)]
        return orders, orders * self.own_order_value(inputs)[:, None] * np.asarray(self.scale)

    def own_order_value(self, inputs: Floats) -> Floats:
        """Return the customer's mean order value, shrunk towards the population's, (n,)."""
        if not self.order_value or "mean_order" not in self.names:
            return np.full(len(inputs), self.order_value)
        count = np.nan_to_num(inputs[:, self.names.index("orders")])
        own = np.nan_to_num(inputs[:, self.names.index("mean_order")])
        value: Floats = (count * own + self.own_value_weight * self.order_value) / (count + self.own_value_weight)
        return value

    def cells(self, inputs: Floats) -> Integers:
        """Return each customer's cell, (n,)."""
        return cohort_cells(inputs, self.names, self.frequency, self.recency)


def cohort_cells(
    inputs: Floats, names: Sequence[str], frequency: Sequence[float], recency: Sequence[float]
) -> Integers:
    """Return the cell of each row in a grid of frequency by recency, (n,)."""
    frequency_class = np.searchsorted(frequency, inputs[:, names.index("orders")], side="right")
    recency_class = np.searchsorted(
        recency, np.nan_to_num(inputs[:, names.index("recency_days")], nan=np.inf), side="right"
    )
    return frequency_class * (len(recency) + 1) + recency_class
