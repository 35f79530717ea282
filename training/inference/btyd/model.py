"""BTYD base class: what every buy-till-you-die model predicts, independent of how customers are lost in it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from features.arrays import Floats
from training.inference.btyd.parameters import Parameters
from training.inference.fast_numpy import clip

HistoryFunction = Callable[[Floats, Floats, Floats, Floats], Floats]

BATCH_SIZE = 1024


@dataclass(frozen=True, kw_only=True)
class BuyTillDie(Parameters, ABC):
    """Buy-till-you-die model: each customer orders at an individual rate until they are lost, which is not observed.

    A history is ``repeats`` (orders after the first), ``recency`` (from the first order to the last one) and ``age``
    (from the first order to now), each (n,), with 0 <= recency <= age, in the time unit of the fit: days in this
    project.
    """

    @abstractmethod
    def log_alive(self, repeats: Floats, recency: Floats, age: Floats) -> Floats:
        """Return log P(not lost yet), (n,)."""

    @abstractmethod
    def order_if_alive(self, repeats: Floats, age: Floats, days: Floats) -> Floats:
        """Return P(an order within each of ``days``), given not lost yet, (n, k)."""

    @abstractmethod
    def orders_if_alive(self, repeats: Floats, age: Floats, days: Floats) -> Floats:
        """Return expected orders within each of ``days``, given not lost yet, (n, k)."""

    def log_alive_and_order(self, repeats: Floats, recency: Floats, age: Floats, days: Floats) -> tuple[Floats, Floats]:
        """Return ``log_alive`` and ``order_if_alive``; a model overrides it where both together are cheaper."""
        return self.log_alive(repeats, recency, age), self.order_if_alive(repeats, age, days)

    def probability_alive(self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Return P(not lost yet), (n,); it does not tell when the next order comes."""

        def answer(x: Floats, t_x: Floats, now: Floats, _: Floats) -> Floats:
            return np.exp(self.log_alive(x, t_x, now))[:, None]

        return _evaluate_in_batches(answer, repeats, recency, age, [0.0])[:, 0]

    def order_by(self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, days: ArrayLike) -> Floats:
        """Return P(at least one order within each of ``days``), (n, k), never decreasing along ``days``.

        Raises:
            ValueError: a history is impossible, or ``days`` are negative or not ascending.
        """

        def answer(x: Floats, t_x: Floats, now: Floats, ahead: Floats) -> Floats:
            order = np.exp(self.log_alive(x, t_x, now))[:, None] * self.order_if_alive(x, now, ahead)
            return np.maximum.accumulate(clip(order, 0.0, 1.0), axis=1)

        return _evaluate_in_batches(answer, repeats, recency, age, days)

    def expected_orders(self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, days: ArrayLike) -> Floats:
        """Return expected orders within each of ``days``, (n, k), never decreasing and never below ``order_by``."""
        return self.order_by_and_expected_orders(repeats, recency, age, days)[1]

    def order_by_and_expected_orders(
        self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, days: ArrayLike
    ) -> tuple[Floats, Floats]:
        """Return ``order_by`` and ``expected_orders`` at the cost of one of them."""

        def answer(x: Floats, t_x: Floats, now: Floats, ahead: Floats) -> Floats:
            log_alive, order = self.log_alive_and_order(x, t_x, now, ahead)
            alive = np.exp(log_alive)[:, None]
            orders = np.maximum(self.orders_if_alive(x, now, ahead), order)
            both = np.stack([clip(alive * order, 0.0, 1.0), alive * orders], axis=2)
            return np.maximum.accumulate(both, axis=1)

        result = _evaluate_in_batches(answer, repeats, recency, age, days)
        return result[:, :, 0], result[:, :, 1]


def _evaluate_in_batches(
    answer: HistoryFunction, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, days: ArrayLike
) -> Floats:
    """Evaluate customers sorted by age in batches that fit the cache, because the youngest sets a batch's cost."""
    x, t_x, now, ahead = (np.asarray(values, dtype=float) for values in (repeats, recency, age, days))
    _validate_histories(x, t_x, now, ahead)
    if len(now) <= BATCH_SIZE:
        return answer(x, t_x, now, ahead)
    order = np.argsort(now)
    blocks = [order[start : start + BATCH_SIZE] for start in range(0, len(order), BATCH_SIZE)]
    result = np.concatenate([answer(x[rows], t_x[rows], now[rows], ahead) for rows in blocks])
    return result[np.argsort(order)]


def _validate_histories(repeats: Floats, recency: Floats, age: Floats, days: Floats) -> None:
    if not (np.isfinite(days).all() and (days[1:] >= days[:-1]).all() and (days >= 0).all()):
        raise ValueError(f"Expected days that ascend from 0 or more; found {days.tolist()}.")
    valid = (repeats >= 0) & (recency >= 0) & (recency <= age) & (repeats + age < np.inf)
    if not valid.all():
        row = int(np.argmin(valid))
        history = f"repeats={repeats[row]}, recency={recency[row]}, age={age[row]}"
        count = int((~valid).sum())
        raise ValueError(
            f"Expected 0 <= recency <= age; row {row} has {history} ({count} such rows). Drop or correct them."
        )
