"""Daily volumes: orders per day in all, by store and by channel, against what the weekdays of a reference expect.

Distributions do not see that a part of the baskets is missing; the volume does. How far a volume may be off is measured
on the reference itself, by the errors of the same forecast in it (rolling origins, Tashman 2000).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
CURRENT_DAYS = BASELINE_DAYS + max(WINDOW_DAYS)
MIN_ALARM_SHARE = 0.05  # of the expectation
MIN_EXPECTED = 50.0  # orders in a window; fewer say nothing
MAX_GROUPS = 50  # stores and channels, the largest first
FALSE_ALARM_RATE = 0.001  # per look at all groups and windows


@dataclass(frozen=True, kw_only=True)
class VolumeDrift:
    """Volume drift of one group in the last days."""

    group: str  # "all", "store_id=...", "channel=..."
    window_days: int
    observed: float  # orders
    expected: float  # orders, by the weekdays of the eight weeks before
    limit: float  # the share of the expectation by which the volume may be off

    @property
    def alarms(self) -> bool:
        """Whether the volume is further off than the reference explains."""
        return abs(self.observed / self.expected - 1) > self.limit

    def sentence(self) -> str:
        """What is missing or too much, for people."""
        return (
            f"{self.group}: {self.observed:,.0f} orders in the last {self.window_days} days, expected "
            f"{self.expected:,.0f} by the weekdays of the eight weeks before, give or take {self.limit:.0%}."
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
    """The drift of each group of the reference and each window, the largest first.

    Args:
        reference: of the release; how well a volume can be forecast is measured on it.
        current: the last ``CURRENT_DAYS``; a group that is missing has no orders.
    """
    forecasts = [
        _Forecast.of_group(group, days, reference, current) for group in reference.orders for days in WINDOW_DAYS
    ]
    known = [forecast for forecast in forecasts if forecast is not None and forecast.expected >= MIN_EXPECTED]
    deviations = NormalDist().inv_cdf(1 - FALSE_ALARM_RATE / max(len(known), 1) / 2)
    # A store has too few forecasts of its own to tell how far it may be off; all stores together have enough.
    pooled = {days: _pooled_dispersion(known, days) for days in WINDOW_DAYS}
    drifts = [forecast.drift(deviations, pooled[forecast.window_days]) for forecast in known]
    return sorted(drifts, key=lambda drift: -abs(drift.observed / drift.expected - 1))


@dataclass(frozen=True, kw_only=True)
class _Forecast:
    """The forecast of one group and window, and the errors of the same forecast within the reference."""

    group: str
    window_days: int
    observed: float
    expected: float
    dispersion: float  # variance of the errors over the expectation; 1 for independent orders

    @classmethod
    def of_group(cls, group: str, days: int, reference: DailyVolumes, current: DailyVolumes) -> _Forecast | None:
        """The forecast of a group; None where the reference or the current log is too short for it."""
        series = np.array(reference.orders[group], dtype=float)
        now = np.array(current.orders.get(group, (0,) * len(current.orders.get(EVERYTHING, ()))), dtype=float)
        if len(series) < BASELINE_DAYS + days + MIN_FORECASTS or len(now) < BASELINE_DAYS + days:
            return None
        observed, expected = (values[-1] for values in _forecasts(now, days))
        past_observed, past_expected = _forecasts(series, days)
        growth = float(past_observed.sum() / max(past_expected.sum(), 1e-9))
        errors = (past_observed - growth * past_expected) ** 2 / np.maximum(growth * past_expected, 1.0)
        return cls(
            group=group,
            window_days=days,
            observed=float(observed),
            expected=float(expected) * growth,
            dispersion=float(errors.mean()),
        )

    def drift(self, deviations: float, pooled: float) -> VolumeDrift:
        """The drift, with the share by which the volume may be off; ``pooled`` is the dispersion of all places."""
        dispersion = self.dispersion if self.group == EVERYTHING else max(self.dispersion, pooled)
        spread = (max(dispersion, 1.0) / self.expected) ** 0.5
        return VolumeDrift(
            group=self.group,
            window_days=self.window_days,
            observed=self.observed,
            expected=self.expected,
            limit=max(MIN_ALARM_SHARE, deviations * spread),
        )


def _pooled_dispersion(forecasts: Sequence[_Forecast], days: int) -> float:
    values = [each.dispersion for each in forecasts if each.group != EVERYTHING and each.window_days == days]
    return float(np.mean(values)) if values else 1.0


def _forecasts(series: Floats, days: int) -> tuple[Floats, Floats]:
    """Orders in every window of whole weeks, and those expected by the weekdays of the ``BASELINE_DAYS`` before it.

    Whole weeks have each weekday as often as the baseline, so that the mean of the days is that of the weekdays.
    """
    observed = np.convolve(series, np.ones(days), "valid")[BASELINE_DAYS:]
    baselines = np.convolve(series, np.ones(BASELINE_DAYS), "valid")[: len(observed)]
    return observed, baselines * days / BASELINE_DAYS
