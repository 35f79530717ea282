"""Gamma-Poisson: nobody is ever lost, and a customer's rate is shrunk towards everybody's. The last resort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from features.arrays import Floats
from training.inference.btyd.model import BuyTillDie


@dataclass(frozen=True, kw_only=True)
class GammaPoisson(BuyTillDie):
    """Order rates are gamma (r, alpha) over customers; when the last order came makes no difference."""

    r: float
    alpha: float
    family: ClassVar[str] = "gamma_poisson"

    def log_alive(self, repeats: Floats, recency: Floats, age: Floats) -> Floats:
        """0: the probability is 1 for everybody, whatever the history."""
        return np.zeros(np.broadcast_shapes(repeats.shape, recency.shape, age.shape))

    def order_if_alive(self, repeats: Floats, age: Floats, days: Floats) -> Floats:
        """1 less the zero class of a negative binomial."""
        return order_at_gamma_rate((self.r + repeats)[:, None], (self.alpha + age)[:, None], days)

    def orders_if_alive(self, repeats: Floats, age: Floats, days: Floats) -> Floats:
        """The expected rate times ``days``."""
        return ((self.r + repeats) / (self.alpha + age))[:, None] * days


def order_at_gamma_rate(n: Floats, alpha: Floats, days: Floats) -> Floats:
    """P(an order within ``days``) where the customer's rate is gamma (n, alpha), shaped as the three broadcast."""
    order: Floats = -np.expm1(-n * np.log1p(days / alpha))
    return order
