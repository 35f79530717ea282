"""Pareto/NBD: a customer can be lost at any instant, also before a second order (Schmittlein et al. 1987)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from features.arrays import Floats
from training.inference.btyd.model import BuyTillDie
from training.inference.btyd.order_before_loss import order_before_loss


@dataclass(frozen=True, kw_only=True)
class ParetoNBD(BuyTillDie):
    """Pareto/NBD: order rates are gamma (r, alpha) and loss rates gamma (s, beta), independent of each other.

    Every published 2F1 of this model is computed here as one bounded quantity, P(the next order comes before the
    loss). P(an order within d days) is 1 - L(x, t_x, T + d) / L(x, t_x, T): the same history, d days older.
    """

    r: float
    alpha: float
    s: float
    beta: float
    family: ClassVar[str] = "pareto_nbd"

    def log_alive(self, repeats: Floats, recency: Floats, age: Floats) -> Floats:
        """Return log P(not lost yet), (n,), from P(loss first) at the last order and P(order first) now."""
        ordered, _ = order_before_loss(self.r + repeats, self.alpha, self.s, self.beta, age)
        return self._log_alive(repeats, recency, age, ordered)

    def order_if_alive(self, repeats: Floats, age: Floats, days: Floats) -> Floats:
        """Return P(an order before loss) from now on, minus the part that is left after ``days`` without either."""
        return self._order_if_alive(repeats, age, days, self._order_first(repeats, age, days))

    def log_alive_and_order(self, repeats: Floats, recency: Floats, age: Floats, days: Floats) -> tuple[Floats, Floats]:
        """Return ``log_alive`` and ``order_if_alive``, which share P(an order before loss) from now on."""
        first = self._order_first(repeats, age, days)
        alive = self._log_alive(repeats, recency, age, first[:, 0])
        return alive, self._order_if_alive(repeats, age, days, first)

    def _order_first(self, repeats: Floats, age: Floats, days: Floats) -> Floats:
        """Return P(an order comes before loss) from now and after each of ``days`` without either, (n, 1 + k)."""
        now = age[:, None]
        ages = np.concatenate([now, now + days], axis=1)
        return order_before_loss(self.r + repeats[:, None], self.alpha, self.s, self.beta, ages)[0]

    def _log_alive(self, repeats: Floats, recency: Floats, age: Floats, ordered: Floats) -> Floats:
        n = self.r + repeats
        # A sorted log has many equal neighbours: the last order of every one-time buyer is the first one.
        is_new = np.append(True, (np.diff(n) != 0) | (np.diff(recency) != 0))[: len(n)]
        _, lost = order_before_loss(n[is_new], self.alpha, self.s, self.beta, recency[is_new])
        lost = lost.take(np.cumsum(is_new) - 1)
        silence = n * np.log((self.alpha + age) / (self.alpha + recency))
        silence += self.s * np.log((self.beta + age) / (self.beta + recency))
        alive: Floats = -np.logaddexp(silence + np.log(lost), np.log(ordered))
        return alive

    def _order_if_alive(self, repeats: Floats, age: Floats, days: Floats, first: Floats) -> Floats:
        n, now = self.r + repeats[:, None], age[:, None]
        no_event = np.exp(-n * np.log1p(days / (self.alpha + now)) - self.s * np.log1p(days / (self.beta + now)))
        return first[:, :1] - no_event * first[:, 1:]

    def orders_if_alive(self, repeats: Floats, age: Floats, days: Floats) -> Floats:
        """Return the expected rate times the expected days before loss, (n, k); the days have a limit at s = 1."""
        log_growth = np.log1p(days / (self.beta + age[:, None]))
        exponent = self.s - 1
        before_loss = -np.expm1(-exponent * log_growth) / exponent if exponent else log_growth
        rate = (self.r + repeats) * (self.beta + age) / (self.alpha + age)
        return rate[:, None] * before_loss
