"""Trend: the mean weekly change of the high-value active customers, with its interval.

The estimate is the drift of a random walk: the mean of the weekly changes, with a Student interval (Hyndman &
Athanasopoulos, "Forecasting: Principles and Practice", 3rd edition, section 5.2). The error allows for weeks that
resemble the ones before (Newey & West 1987, Econometrica 55, 703-708). What was revised is no change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import stdtrit

from features.arrays import Floats
from training.growth.refusal import GrowthRefusal

TREND_WEEKS, MIN_TREND_WEEKS = 26, 8
LAGS = 2  # weeks that may resemble each other: 4 (n / 100)^(2/9) for 26 weeks, rounded down (Newey & West 1994)


@dataclass(frozen=True, kw_only=True)
class Trend:
    """The mean change per week, in customers, with its 95 % interval."""

    weeks: int
    per_week: float
    low: float
    high: float

    @property
    def direction(self) -> Literal["rising", "falling", "unclear"]:
        """What the interval says."""
        if self.low > 0:
            return "rising"
        return "falling" if self.high < 0 else "unclear"


def growth_trend(net: Sequence[int]) -> Trend | GrowthRefusal:
    """The trend of the last 26 weeks.

    Args:
        net: what came in less what went out, by week, the newest last.
    """
    changes = np.array(net[-TREND_WEEKS:], np.float64)
    if len(changes) < MIN_TREND_WEEKS:
        return GrowthRefusal(
            "log_too_short",
            f"Found {len(changes)} whole weeks; expected at least {MIN_TREND_WEEKS} for a trend. Wait for more weeks.",
        )
    mean = float(changes.mean())
    half = float(stdtrit(len(changes) - 1, 0.975)) * _standard_error(changes)
    return Trend(weeks=len(changes), per_week=mean, low=mean - half, high=mean + half)


def _standard_error(changes: Floats) -> float:
    """The error of the mean with Bartlett weights on the first lags, at least that of independent weeks."""
    n, centred = len(changes), changes - changes.mean()
    independent = float(centred @ centred) / (n - 1)
    shared = [
        2 * (1 - lag / (LAGS + 1)) * float(centred[lag:] @ centred[:-lag]) / (n - 1) for lag in range(1, LAGS + 1)
    ]
    return float(np.sqrt((independent + max(sum(shared), 0.0)) / n))
