"""What time of the year it is: how much busier than usual the days ahead are, and forecasts bent accordingly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats

MIN_SEASONAL_SHARE = 0.05  # of what a stretch of days usually brings, however dead the season


@dataclass(frozen=True)
class SeasonalFactors:
    """By how much totals over the days ahead exceed what would be said of them without the season."""

    learned: tuple[float, ...]  # over each learned horizon
    beyond: float  # over the days after the longest of them


@dataclass(frozen=True)
class Seasonality:
    """The factors of each kind of total; all are 1 where the log knows no season."""

    buyers: SeasonalFactors
    orders: SeasonalFactors
    spend: SeasonalFactors | None  # None without amounts

    def adjust_order_by(self, order_by: Floats, days: Floats, learned: Sequence[int]) -> Floats:
        """P(order within days[j]), (n, k), with the hazard of each stretch between learned horizons in its season."""
        passed = -np.log1p(-np.minimum(order_by, 1 - 1e-12))
        at = [0, *np.searchsorted(days, learned).tolist()]
        weights = np.concatenate([[1.0], self.buyers.learned])
        bent = np.zeros_like(passed)
        for left, right, before, after in zip(at, at[1:], weights, weights[1:], strict=False):
            usual = passed[:, right] - passed[:, left]
            wanted = np.maximum(after * passed[:, right] - before * passed[:, left], MIN_SEASONAL_SHARE * usual)
            share = (passed[:, left : right + 1] - passed[:, [left]]) / np.maximum(usual, 1e-300)[:, None]
            bent[:, left : right + 1] = bent[:, [left]] + share * wanted[:, None]
        last = at[-1]
        bent[:, last:] = bent[:, [last]] + self.buyers.beyond * (passed[:, last:] - passed[:, [last]])
        return -np.expm1(-bent)


def seasonal_totals(values: Floats, growth: Floats, factors: SeasonalFactors | None) -> tuple[Floats, Floats]:
    """Totals per learned horizon, (n, learned), and those beyond, (n, beyond), ``growth`` times the longest's."""
    if factors is None:
        return values, values[:, -1:] * growth
    inside = values * np.asarray(factors.learned)
    return inside, inside[:, -1:] + factors.beyond * (growth - 1) * values[:, -1:]
