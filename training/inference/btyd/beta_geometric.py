"""BG/NBD and MBG/NBD: a customer can be lost only directly after an order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from features.arrays import Floats
from training.inference.btyd.gamma_poisson import order_at_gamma_rate
from training.inference.btyd.model import BuyTillDie

QUADRATURE_POINTS = np.linspace(0.0, 1.0, 80)
LOG_TAIL = 30.0  # the density beyond is below exp(-30) of its peak


@dataclass(frozen=True, kw_only=True)
class BGNBD(BuyTillDie):
    """BG/NBD: order rates are gamma (r, alpha), the probability of loss after a repeat order is beta (a, b).

    Source: Fader, Hardie and Lee (2005). One-time buyers are never lost, so P(alive) is 1 for the customers who are
    most likely to be gone.
    """

    r: float
    alpha: float
    a: float
    b: float
    family: ClassVar[str] = "bg_nbd"

    def posterior_b(self, repeats: Floats) -> Floats:
        """Return the second beta parameter of the posterior, (n,): ``b`` plus the orders not followed by loss."""
        return self.b + repeats

    def log_loss_odds(self, repeats: Floats) -> Floats:
        """Return the prior log-odds that loss followed the last order, without the time since then, (n,)."""
        risk: Floats = np.divide(self.a, self.b + repeats - 1, out=np.zeros_like(repeats), where=repeats > 0)
        return np.log(risk, out=np.full_like(risk, -np.inf), where=repeats > 0)

    def log_alive(self, repeats: Floats, recency: Floats, age: Floats) -> Floats:
        """Return log P(not lost yet), (n,): a long time without an order is unlikely for a customer who is alive."""
        silence = (self.r + repeats) * np.log((self.alpha + age) / (self.alpha + recency))
        return -np.logaddexp(0.0, self.log_loss_odds(repeats) + silence)

    def order_if_alive(self, repeats: Floats, age: Floats, days: Floats) -> Floats:
        """Return P(an order within each of ``days``), (n, k): a customer who is alive cannot be lost before it."""
        return order_at_gamma_rate((self.r + repeats)[:, None], (self.alpha + age)[:, None], days)

    def orders_if_alive(self, repeats: Floats, age: Floats, days: Floats) -> Floats:
        """Return the mean over p of P(an order within ``p * days``) / p, where p is the probability of loss, (n, k).

        The published 2F1 cancels near a = 1 and overflows for heavy buyers. Here the mean of the chord over p is exact,
        and the function's distance from the chord is integrated by the trapezoidal rule in logit p, whose error
        decreases exponentially.
        """
        n, alpha, b = (self.r + repeats)[:, None], (self.alpha + age)[:, None], self.posterior_b(repeats)[:, None]
        p, weight = _loss_quadrature(self.a, b)
        at_zero, at_one = n * days / alpha, order_at_gamma_rate(n, alpha, days)
        orders = np.empty(at_zero.shape)
        for k, day in enumerate(days):
            chord = at_zero[:, k : k + 1] * (1 - p) + at_one[:, k : k + 1] * p
            sag = weight * (chord - order_at_gamma_rate(n, alpha, p * day) / p)
            orders[:, k] = sag.sum(axis=1)
        lost_after = self.a / (self.a + b)
        return at_zero * (1 - lost_after) + at_one * lost_after - orders


@dataclass(frozen=True, kw_only=True)
class MBGNBD(BGNBD):
    """MBG/NBD: BG/NBD in which loss can follow the first order too (Batislam, Denizel and Filiztekin 2007)."""

    family: ClassVar[str] = "mbg_nbd"

    def posterior_b(self, repeats: Floats) -> Floats:
        """Return the parameter as in BG/NBD plus one, (n,), because loss did not follow the first order either."""
        return self.b + repeats + 1

    def log_loss_odds(self, repeats: Floats) -> Floats:
        """Return the prior log-odds, (n,); they are finite for one-time buyers too."""
        return np.log(self.a / (self.b + repeats))


def _loss_quadrature(a: float, b: Floats) -> tuple[Floats, Floats]:
    """Return nodes p and weights, (n, 80), of the mean over beta (a, b) of a function that is 0 at p = 0 and p = 1."""
    peak = np.log((a + 1) / (b + 1))
    middle = np.sqrt(2 * LOG_TAIL * (1 / (a + 1) + 1 / (b + 1)))
    low, high = peak - middle - LOG_TAIL / (a + 1), peak + middle + LOG_TAIL / (b + 1)
    logit = low + (high - low) * QUADRATURE_POINTS
    log_p = -np.log1p(np.exp(-logit))
    log_density = (a + 1) * log_p + (b + 1) * (log_p - logit)
    density = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    # The nodes follow beta (a + 1, b + 1), whose density is 0 at both ends even for small a and b.
    scale = a * b / ((a + b) * (a + b + 1)) / density.sum(axis=1, keepdims=True)
    return np.exp(log_p), scale * density * np.exp(logit - 2 * log_p)
