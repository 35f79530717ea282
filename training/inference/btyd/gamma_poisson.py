"""Gamma-Poisson: no customer is ever lost, and each rate is shrunk towards the population's; the last fallback."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from features.arrays import Floats
from training.inference.btyd.model import BuyTillDie


@dataclass(frozen=True, kw_only=True)
class GammaPoisson(BuyTillDie):
    """Gamma-Poisson: order rates are gamma (r, alpha) over customers; recency has no effect."""

    r: float
    alpha: float
    family: ClassVar[str] = "gamma_poisson"

    def log_alive(self, repeats: Floats, recency: Floats, age: Floats) -> Floats:
        """Return 0: P(not lost) is 1 for every history."""
        return np.zeros(np.broadcast_shapes(repeats.shape, recency.shape, age.shape))

    def order_if_alive(self, repeats: Floats, age: Floats, days: Floats) -> Floats:
        """Return 1 minus the negative binomial's probability of no order, (n, k)."""
        return order_at_gamma_rate((self.r + repeats)[:, None], (self.alpha + age)[:, None], days)

    def orders_if_alive(self, repeats: Floats, age: Floats, days: Floats) -> Floats:
        """Return the expected rate times ``days``, (n, k)."""
        return ((self.r + repeats) / (self.alpha + age))[:, None] * days


def order_at_gamma_rate(n: Floats, alpha: Floats, days: Floats) -> Floats:
    """Return P(an order within ``days``) for a rate that is gamma (n, alpha); the arguments broadcast."""
    order: Floats = -np.expm1(-n * np.log1p(days / alpha))
    return order
