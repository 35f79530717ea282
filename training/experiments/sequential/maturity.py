"""Maturity: an outcome counts once its window is over and its rows had time to arrive; missing is no "no" before."""

from __future__ import annotations

import numpy as np

from features.arrays import Booleans, Integers
from features.calendar import DAY_US

RECORDING_QUANTILE = 0.99


def recording_lag_us(happened_at: Integers, recorded_at: Integers) -> int:
    """The time within which 99 % of the rows are recorded, in microseconds; 0 without rows, or where none is late.

    Args:
        happened_at: (n,) microseconds since 1970 UTC.
        recorded_at: (n,) microseconds since 1970 UTC.
    """
    if not happened_at.size:
        return 0
    lags = np.maximum(recorded_at - happened_at, 0)
    return int(np.quantile(lags, RECORDING_QUANTILE, method="inverted_cdf"))


def matures_at_us(decided_at: Integers, within_days: int, lag_us: int) -> Integers:
    """The instant (n,) from which the outcome of a decision counts, in microseconds since 1970 UTC."""
    return decided_at + within_days * DAY_US + lag_us


def is_mature(decided_at: Integers, within_days: int, lag_us: int, as_of_us: int) -> Booleans:
    """Whether the outcome of each decision (n,) counts at an instant: the window ``[decided_at, + days)`` is over."""
    return matures_at_us(decided_at, within_days, lag_us) <= as_of_us
