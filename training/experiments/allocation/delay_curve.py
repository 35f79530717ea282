"""Delay curve: the share of an outcome's conversions that is expected by an age, measured on cohorts of that age.

The estimator is the chain ladder of claims reserving (Mack, ASTIN Bulletin 23, 1993), which is that of right-truncated
delays in reverse time (Lagakos, Barraj and De Gruttola, Biometrika 75, 1988): each step from one age to the next is
measured on the cohorts that have finished it, so that a trend of the rate does not bend the curve.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from features.arrays import Floats, Integers
from training.experiments.units import Units


@dataclass(frozen=True, kw_only=True)
class DelayTriangle:
    """Delay triangle: known conversions by arm, finished days of the unit, and day of the conversion."""

    finished_days: Integers  # (n,) whole days since the decision, at most ``window_days``
    converted: Floats  # (n,) 1 where the unit converted in its finished days, else 0
    conversions: Floats  # (arms, window_days + 1, window_days)

    @property
    def window_days(self) -> int:
        """The days that an outcome may take."""
        return int(self.conversions.shape[2])


def delay_triangle(units: Units, label: str, window_days: int) -> DelayTriangle:
    """Count the conversions of a metric; those of a day that is not over yet wait until it is.

    Raises:
        ValueError: the units have no delays of this metric.
    """
    if label not in units.delay_days:
        raise ValueError(
            f"found delays of {', '.join(sorted(units.delay_days)) or 'no metric'}; expected those of {label}: "
            "join the outcomes of the experiment first"
        )
    finished = np.clip(np.floor(units.age_days), 0, window_days).astype(np.int64)
    delay = units.delay_days[label]
    converted = np.isfinite(delay) & (np.floor(delay) < finished)
    conversions = np.zeros((len(units.arms), window_days + 1, window_days))
    delays = np.floor(delay[converted]).astype(np.int64)
    np.add.at(conversions, (units.arm[converted].astype(np.int64), finished[converted], delays), 1.0)
    return DelayTriangle(finished_days=finished, converted=converted.astype(np.float64), conversions=conversions)


def delay_curve(triangle: DelayTriangle) -> Floats:
    """Return the share of conversions expected by the end of each day, shape (window_days + 1,), from 0 at age 0.

    All arms share the curve. It is relative to the oldest age that any unit has reached, where it is 1.
    """
    curve = np.ones(triangle.window_days + 1)
    for day in range(triangle.window_days - 1, 0, -1):
        at_risk, events = _step(triangle, day)
        total = at_risk.sum()
        curve[day] = curve[day + 1] * (1 - (events.sum() / total if total else 0.0))
    curve[0] = 0.0
    return curve


def delay_difference(triangle: DelayTriangle) -> float:
    """Return the p-value that all arms share one delay curve: the log-rank test of K arms in reverse time.

    A risk set holds the conversions up to a day of units that have finished this day (Lagakos et al. 1988, section 4).
    """
    arms = len(triangle.conversions)
    difference, variance = np.zeros(arms), np.zeros((arms, arms))
    for day in range(1, triangle.window_days):
        at_risk, events = _step(triangle, day)
        total, happened = at_risk.sum(), events.sum()
        if total > 1:
            share = at_risk / total
            difference += events - happened * share
            factor = happened * (total - happened) / (total - 1)
            variance += factor * (np.diag(share) - np.outer(share, share))
    freedom = int(np.linalg.matrix_rank(variance))
    if not freedom:
        return 1.0
    return float(chi2.sf(difference @ np.linalg.pinv(variance) @ difference, freedom))


def _step(triangle: DelayTriangle, day: int) -> tuple[Floats, Floats]:
    """Return the conversions up to a day and those on it, by arm, of the units that have finished it."""
    finished = triangle.conversions[:, day + 1 :, : day + 1]
    return finished.sum((1, 2)), finished[:, :, day].sum(1)
