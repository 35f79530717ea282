"""Beyond the longest horizon that the log could teach: orders go on as buy-till-you-die models see them thin out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.inference.btyd import BuyTillDie
from training.inference.tiers.btyd import histories


@dataclass(frozen=True)
class Extrapolation:
    """How many times as much a customer orders within longer horizons than within one that was learned.

    Customers go on being lost, so twice the time is not twice the orders, and a power of time measured on short windows
    says too much of long ones. Whether a customer is lost already makes no difference to the ratio.
    """

    names: tuple[str, ...]
    model: BuyTillDie

    def growth_factors(self, inputs: Floats, learned: int, days: Sequence[int]) -> Floats:
        """Orders within each of ``days`` over those within ``learned`` days, (n, len(days)), never below 1."""
        repeats, _, age = histories(inputs, self.names)
        orders = self.model.orders_if_alive(repeats, age, np.array([learned, *days], dtype=float))
        return np.asarray(np.maximum(orders[:, 1:] / np.maximum(orders[:, :1], 1e-12), 1.0))
