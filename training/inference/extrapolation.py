"""Extrapolation: orders beyond the longest learned horizon grow as a buy-till-you-die model expects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.inference.btyd import BuyTillDie
from training.inference.tiers.btyd import histories


@dataclass(frozen=True)
class Extrapolation:
    """Extrapolation: the ratio of orders within a longer horizon to orders within a learned one.

    Customers keep being lost, so twice the time is less than twice the orders, and a power of time that is measured
    on short windows is too high for long ones. The ratio does not depend on whether a customer is lost already.
    """

    names: tuple[str, ...]
    model: BuyTillDie

    def growth_factors(self, inputs: Floats, learned: int, days: Sequence[int]) -> Floats:
        """Return orders within each of ``days``, divided by those within ``learned`` days, (n, len(days)), >= 1."""
        repeats, _, age = histories(inputs, self.names)
        orders = self.model.orders_if_alive(repeats, age, np.array([learned, *days], dtype=float))
        return np.asarray(np.maximum(orders[:, 1:] / np.maximum(orders[:, :1], 1e-12), 1.0))
