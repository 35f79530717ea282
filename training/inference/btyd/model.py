"""What every buy-till-you-die model answers, whatever its idea of how customers are lost."""

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
    """Customers order at a rate of their own until they are lost, which nobody sees.

    A history is ``repeats`` (orders after the first), ``recency`` (from the first order to the last one) and ``age``
    (from the first order to now), each (n,), with 0 <= recency <= age, in the time unit of the fit: days in this
    project.
    """

    @abstractmethod
    def log_alive(self, repeats: Floats, recency: Floats, age: Floats) -> Floats:
        """Log P(not lost yet), (n,)."""

    @abstractmethod
    def order_if_alive(self, repeats: Floats, age: Floats, days: Floats) -> Floats:
        """P(an order within each of ``days``), given not lost yet, (n, k)."""

    @abstractmethod
    def orders_if_alive(self, repeats: Floats, age: Floats, days: Floats) -> Floats:
        """Expected orders within each of ``days``, given not lost yet, (n, k)."""

    def log_alive_and_order(self, repeats: Floats, recency: Floats, age: Floats, days: Floats) -> tuple[Floats, Floats]:
        """``log_alive`` and ``order_if_alive``, for models that find both at the price of one and a half."""
        return self.log_alive(repeats, recency, age), self.order_if_alive(repeats, age, days)

    def probability_alive(self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """P(not lost yet), (n,): at most a feature, for it says nothing of when the next order comes."""

        def answer(x: Floats, t_x: Floats, now: Floats, _: Floats) -> Floats:
            return np.exp(self.log_alive(x, t_x, now))[:, None]

        return _evaluate_in_batches(answer, repeats, recency, age, [0.0])[:, 0]

    def order_by(self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, days: ArrayLike) -> Floats:
        """P(at least one order within each of ``days``), (n, k), never falling; ``days`` ascend from 0 or more.

        Raises ValueError where a history or the days are none.
        """

        def answer(x: Floats, t_x: Floats, now: Floats, ahead: Floats) -> Floats:
            order = np.exp(self.log_alive(x, t_x, now))[:, None] * self.order_if_alive(x, now, ahead)
            return np.maximum.accumulate(clip(order, 0.0, 1.0), axis=1)

        return _evaluate_in_batches(answer, repeats, recency, age, days)

    def expected_orders(self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, days: ArrayLike) -> Floats:
        """Expected orders within each of ``days``, (n, k), never falling and never below ``order_by``."""
        return self.order_by_and_expected_orders(repeats, recency, age, days)[1]

    def order_by_and_expected_orders(
        self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, days: ArrayLike
    ) -> tuple[Floats, Floats]:
        """``order_by`` and ``expected_orders`` at the price of one of them."""

        def answer(x: Floats, t_x: Floats, now: Floats, ahead: Floats) -> Floats:
            log_alive, order = self.log_alive_and_order(x, t_x, now, ahead)
            alive = np.exp(log_alive)[:, None]
            orders = np.maximum(self.orders_if_alive(x, now, ahead), order)
            both = np.stack([clip(alive * order, 0.0, 1.0), alive * orders], axis=2)
            return np.maximum.accumulate(both, axis=1)

        found = _evaluate_in_batches(answer, repeats, recency, age, days)
        return found[:, :, 0], found[:, :, 1]


def _evaluate_in_batches(
    answer: HistoryFunction, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, days: ArrayLike
) -> Floats:
    """Customers of like age together, a cache full at a time: the youngest sets the work of its block."""
    x, t_x, now, ahead = (np.asarray(values, dtype=float) for values in (repeats, recency, age, days))
    _validate_histories(x, t_x, now, ahead)
    if len(now) <= BATCH_SIZE:
        return answer(x, t_x, now, ahead)
    order = np.argsort(now)
    blocks = [order[start : start + BATCH_SIZE] for start in range(0, len(order), BATCH_SIZE)]
    found = np.concatenate([answer(x[rows], t_x[rows], now[rows], ahead) for rows in blocks])
    return found[np.argsort(order)]


def _validate_histories(repeats: Floats, recency: Floats, age: Floats, days: Floats) -> None:
    if not (np.isfinite(days).all() and (days[1:] >= days[:-1]).all() and (days >= 0).all()):
        raise ValueError(f"Expected days that ascend from 0 or more; found {days.tolist()}.")
    sound = (repeats >= 0) & (recency >= 0) & (recency <= age) & (repeats + age < np.inf)
    if not sound.all():
        row = int(np.argmin(sound))
        found = f"repeats={repeats[row]}, recency={recency[row]}, age={age[row]}"
        count = int((~sound).sum())
        raise ValueError(f"Expected 0 <= recency <= age; row {row} has {found} ({count} such rows). Drop or mend them.")
