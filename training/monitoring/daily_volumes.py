"""Daily volumes: orders per day in all, by store and by channel, against what the weekdays of a reference expect.

Distributions do not see that a part of the baskets is missing; the volume does. How far a volume may be off is measured
on the reference itself: how well its weekdays forecast windows that began as long after them (Tashman 2000).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from features.arrays import Floats

EVERYTHING = "all"
REFERENCE_DAYS = 26 * 7
WINDOW_DAYS = (7, 28)  # whole weeks
BASELINE_DAYS = 56  # of which the means of the weekdays are taken
MIN_FORECASTS = 28  # within the reference; a shorter one says nothing
MIN_ALARM_SHARE = 0.05  # of the expectation
MIN_EXPECTED = 20.0  # orders in a window; fewer say nothing
MAX_GROUPS = 50  # stores and channels, the largest first
FALSE_ALARM_RATE = 0.001  # per look at all groups and windows
_WEEK = 7


@dataclass(frozen=True, kw_only=True)
class VolumeDrift:
    """Volume drift of one group in the last days."""

    group: str  # "all", "store_id=...", "channel=..."
    window_days: int
    observed: float  # orders
    expected: float  # orders, from the weekdays of the reference
    limit: float  # the share of the expectation by which the volume may be off

    @property
    def alarms(self) -> bool:
        """Whether the volume is further off than the reference explains."""
        return abs(self.observed / self.expected - 1) > self.limit

    def sentence(self) -> str:
        """What is missing or too much, for people."""
        return (
            f"{self.group}: {self.observed:,.0f} orders in the last {self.window_days} days, expected "
            f"{self.expected:,.0f} by the weekdays of the reference, give or take {self.limit:.0%}."
        )


@dataclass(frozen=True, kw_only=True)
class DailyVolumes:
    """Daily volumes of a log, by group; every series ends on the day before ``end``."""

    end: int  # days since 1970, exclusive
    orders: Mapping[str, tuple[int, ...]]  # by group, one number per day

    def to_json(self) -> dict[str, Any]:
        """The volumes as plain JSON."""
        return {"end": self.end, "orders": {group: list(counts) for group, counts in self.orders.items()}}

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> DailyVolumes:
        """The volumes in plain JSON."""
        return cls(end=payload["end"], orders={group: tuple(counts) for group, counts in payload["orders"].items()})


def volume_drifts(reference: DailyVolumes, current: DailyVolumes) -> list[VolumeDrift]:
    """The drift of each group and window, the largest first; nothing before a window is over after the reference.

    A group that the current log does not name has no orders.
    """
    windows = [days for days in WINDOW_DAYS if current.end - days >= reference.end]
    tests = max(len(reference.orders) * len(windows), 1)
    deviations = NormalDist().inv_cdf(1 - FALSE_ALARM_RATE / tests / 2)
    drifts = [
        drift
        for group, counts in reference.orders.items()
        for days in windows
        if (drift := _drift(group, days, (reference.end, counts), current, deviations)) is not None
    ]
    return sorted(drifts, key=lambda drift: -abs(drift.observed / drift.expected - 1))


def _drift(
    group: str, days: int, reference: tuple[int, tuple[int, ...]], current: DailyVolumes, deviations: float
) -> VolumeDrift | None:
    end, counts = reference
    series, gap = np.array(counts, dtype=float), current.end - days - end
    gap = min(gap, len(series) - BASELINE_DAYS - days - MIN_FORECASTS)
    if gap < 0:
        return None
    growth, spread = _forecast_error(series, days, gap)
    expected = _expectation(series, end, days, current.end) * growth
    if expected < MIN_EXPECTED:
        return None
    return VolumeDrift(
        group=group,
        window_days=days,
        observed=float(sum(current.orders.get(group, ())[-days:])),
        expected=expected,
        limit=max(MIN_ALARM_SHARE, deviations * max(spread, expected**-0.5)),
    )


def _expectation(series: Floats, end: int, days: int, window_end: int) -> float:
    """Orders in a window by the weekdays of the last ``BASELINE_DAYS`` of a series that ends before ``end``."""
    weekday = (end - BASELINE_DAYS + np.arange(BASELINE_DAYS)) % _WEEK
    means = np.bincount(weekday, series[-BASELINE_DAYS:], _WEEK) / np.bincount(weekday, minlength=_WEEK)
    return float(means[np.arange(window_end - days, window_end) % _WEEK].sum())


def _forecast_error(series: Floats, days: int, gap: int) -> tuple[float, float]:
    """Mean and standard deviation of observed over expected, as a release would have forecast within the reference.

    Each forecast takes the ``BASELINE_DAYS`` before it for a window of whole weeks that begins ``gap`` days later.
    """
    sums = np.convolve(series, np.ones(days), "valid")[BASELINE_DAYS + gap :]
    baselines = np.convolve(series, np.ones(BASELINE_DAYS), "valid")[: len(sums)]
    ratio = sums / np.maximum(baselines * days / BASELINE_DAYS, 1e-9)
    growth = float(ratio.mean())
    return growth, float(ratio.std()) / max(growth, 1e-9)
