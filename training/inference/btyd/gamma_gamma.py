"""Gamma-Gamma: the expected value of a customer's next order (Fader, Hardie and Lee 2005)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from features.arrays import Floats
from training.inference.btyd.parameters import Parameters


@dataclass(frozen=True, kw_only=True)
class GammaGamma(Parameters):
    """Gamma-Gamma: order values are gamma (p, v) with a v per customer, and v is gamma (q, gamma) over customers.

    ``q`` is above 1, so that the population has a mean; ``gamma`` is in the currency of the log.
    """

    p: float
    q: float
    gamma: float
    family: ClassVar[str] = "gamma_gamma"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.q <= 1:
            raise ValueError(
                f"gamma_gamma needs q above 1, else no mean exists; found q={self.q}. Fit the model again."
            )

    def order_value(self, orders: ArrayLike, mean_value: ArrayLike) -> Floats:
        """Return the expected order value, (n,), after ``orders`` with mean ``mean_value``; the prior mean for 0."""
        count = np.asarray(orders, dtype=float)
        total = np.where(count > 0, count * np.asarray(mean_value, dtype=float), 0.0)
        value: Floats = self.p * (self.gamma + total) / (self.p * count + self.q - 1)
        return value
