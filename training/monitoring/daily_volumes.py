"""Daily volumes: orders per day in all, by store and by channel, against what the weekdays of a reference expect.

Distributions do not see that a part of the baskets is missing; the volume does. How far a volume may be off is measured
on the reference itself: the spread of windows of the same length around its weekdays, trend and seasons among it.
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
WINDOW_DAYS = (7, 28)
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
    groups = {group: counts for group, counts in reference.orders.items() if len(counts) >= 2 * max(WINDOW_DAYS)}
    windows = [days for days in WINDOW_DAYS if current.end - days >= reference.end]
    tests = max(len(groups) * len(windows), 1)
    deviations = NormalDist().inv_cdf(1 - FALSE_ALARM_RATE / tests / 2)
    drifts = [
        drift
        for group, counts in groups.items()
        for days in windows
        if (drift := _drift(group, days, (reference.end, counts), current, deviations)) is not None
    ]
    return sorted(drifts, key=lambda drift: -abs(drift.observed / drift.expected - 1))


def _drift(
    group: str, days: int, reference: tuple[int, tuple[int, ...]], current: DailyVolumes, deviations: float
) -> VolumeDrift | None:
    end, counts = reference
    series = np.array(counts, dtype=float)
    means = _weekday_means(series, end - len(series))
    expected = float(means[(np.arange(current.end - days, current.end)) % _WEEK].sum())
    if expected < MIN_EXPECTED:
        return None
    observed = float(sum(current.orders.get(group, ())[-days:]))
    spread = max(_relative_spread(series, end - len(series), means, days), expected**-0.5)
    return VolumeDrift(
        group=group,
        window_days=days,
        observed=observed,
        expected=expected,
        limit=max(MIN_ALARM_SHARE, deviations * spread),
    )


def _weekday_means(series: Floats, first: int) -> Floats:
    """Mean orders by day number modulo 7, (7,)."""
    weekday = (first + np.arange(len(series))) % _WEEK
    return np.asarray(np.bincount(weekday, series, _WEEK) / np.maximum(np.bincount(weekday, minlength=_WEEK), 1))


def _relative_spread(series: Floats, first: int, means: Floats, days: int) -> float:
    """The standard deviation of observed over expected, over all windows of the reference with this length."""
    usual = means[(first + np.arange(len(series))) % _WEEK]
    observed, expected = (np.convolve(values, np.ones(days), "valid") for values in (series, usual))
    ratio = observed / np.maximum(expected, 1e-9)
    return float(np.sqrt(np.mean((ratio - 1) ** 2) * _overlap_correction(len(series), days)))


def _overlap_correction(n: int, days: int) -> float:
    """What the variance of few windows misses, since the means are of the same days."""
    return n / max(n - days, 1)
