"""The rungs for little history: what happened to customers of like recency and frequency, or to everybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats, Integers
from training.inference.survival import survival_curve


@dataclass(frozen=True)
class CohortTier:
    """Rates per cell of frequency and recency, shrunk towards the population; one cell is the population itself."""

    names: tuple[str, ...]
    frequency: tuple[float, ...]  # inner borders of the classes of order count
    recency: tuple[float, ...]  # inner borders of the classes of days since the last order
    edges: tuple[float, ...]  # (periods + 1,) days
    hazards: tuple[tuple[float, ...], ...]  # (cells, periods)
    orders_of_comers: tuple[tuple[float, ...], ...]  # (cells, learned) orders per customer who comes at all
    order_value: float  # mean amount of an order, in the log's currency; 0 without amounts
    own_value_weight: float  # how many typical orders a customer's own mean order is weighed against
    scale: tuple[float, ...]  # (learned,) what makes the total spend right

    def order_by(self, inputs: Floats, days: Floats) -> Floats:
        """P(order within days[j]), (n, len(days))."""
        return survival_curve(np.asarray(self.hazards), np.asarray(self.edges), days)[self.cells(inputs)]

    def orders_and_spend(self, inputs: Floats, within: Floats) -> tuple[Floats, Floats]:
        """Orders, and those times the customer's own mean order, shrunk towards the usual one, each (n, learned)."""
        orders = within * np.asarray(self.orders_of_comers)[self.cells(inputs)]
        return orders, orders * self.own_order_value(inputs)[:, None] * np.asarray(self.scale)

    def own_order_value(self, inputs: Floats) -> Floats:
        """The customer's mean order, weighed against the population's, (n,)."""
        if not self.order_value or "mean_order" not in self.names:
            return np.full(len(inputs), self.order_value)
        count = np.nan_to_num(inputs[:, self.names.index("orders")])
        own = np.nan_to_num(inputs[:, self.names.index("mean_order")])
        value: Floats = (count * own + self.own_value_weight * self.order_value) / (count + self.own_value_weight)
        return value

    def cells(self, inputs: Floats) -> Integers:
        """Each customer's cell, (n,)."""
        return cohort_cells(inputs, self.names, self.frequency, self.recency)


def cohort_cells(
    inputs: Floats, names: Sequence[str], frequency: Sequence[float], recency: Sequence[float]
) -> Integers:
    """The cell of each row in a grid of frequency by recency, (n,)."""
    often = np.searchsorted(frequency, inputs[:, names.index("orders")], side="right")
    silent = np.searchsorted(recency, np.nan_to_num(inputs[:, names.index("recency_days")], nan=np.inf), side="right")
    return often * (len(recency) + 1) + silent
