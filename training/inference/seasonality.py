"""Seasonality: factors by which the days ahead are busier than usual, and forecasts adjusted by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats

MIN_SEASONAL_SHARE = 0.05  # of the usual total of an interval, as a lower limit


@dataclass(frozen=True)
class SeasonalFactors:
    """Seasonal factors: totals over the days ahead, relative to the forecast without seasonality."""

    learned: tuple[float, ...]  # over each learned horizon
    beyond: float  # over the days after the longest learned horizon


@dataclass(frozen=True)
class Seasonality:
    """Seasonality: the factors of each kind of total; all are 1 where the log shows no seasonality."""

    buyers: SeasonalFactors
    orders: SeasonalFactors
    spend: SeasonalFactors | None  # None without amounts

    def adjust_order_by(self, order_by: Floats, days: Floats, learned: Sequence[int]) -> Floats:
        """Return P(order within days[j]), (n, k), with seasonal factors on the hazard between learned horizons."""
        cumulative = -np.log1p(-np.minimum(order_by, 1 - 1e-12))
        positions = [0, *np.searchsorted(days, learned).tolist()]
        weights = np.concatenate([[1.0], self.buyers.learned])
        adjusted = np.zeros_like(cumulative)
        for left, right, before, after in zip(positions, positions[1:], weights, weights[1:], strict=False):
            usual = cumulative[:, right] - cumulative[:, left]
            target = np.maximum(after * cumulative[:, right] - before * cumulative[:, left], MIN_SEASONAL_SHARE * usual)
            share = (cumulative[:, left : right + 1] - cumulative[:, [left]]) / np.maximum(usual, 1e-300)[:, None]
            adjusted[:, left : right + 1] = adjusted[:, [left]] + share * target[:, None]
        last = positions[-1]
        adjusted[:, last:] = adjusted[:, [last]] + self.buyers.beyond * (cumulative[:, last:] - cumulative[:, [last]])
        return -np.expm1(-adjusted)


def seasonal_totals(values: Floats, growth: Floats, factors: SeasonalFactors | None) -> tuple[Floats, Floats]:
    """Return seasonal totals per learned horizon, (n, learned), and per longer horizon, (n, beyond).

    ``growth`` is the ratio of a longer horizon's total to the longest learned one's, without seasonality.
    """
    if factors is None:
        return values, values[:, -1:] * growth
    inside = values * np.asarray(factors.learned)
    return inside, inside[:, -1:] + factors.beyond * (growth - 1) * values[:, -1:]
