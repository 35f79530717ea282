"""Daily counts: customers and sums by day and arm, which stay when the rows of erased customers go."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from features.calendar import day_from_number
from training.experiments.estimators.estimation import is_mature_for
from training.experiments.result_schema import DailyCount
from training.experiments.units import Units


def count_days(units: Units, label: str, previous: Iterable[DailyCount]) -> tuple[DailyCount, ...]:
    """The counts of each day and arm; ``decided`` includes the customers of earlier counts whose rows were erased."""
    known = {(count.day, count.arm): count for count in previous}
    mature = is_mature_for(units, label)
    values = np.where(mature, units.values[label], 0.0)
    days, position = np.unique(units.day, return_inverse=True)
    arms = len(units.arms)
    cell = position * arms + units.arm.astype(np.int64)
    sums = [
        np.bincount(cell, weights=weights, minlength=days.size * arms)
        for weights in (np.ones(len(units)), mature.astype(np.float64), values, values**2)
    ]
    counts = {}
    for place in np.flatnonzero(sums[0]):
        day, arm = day_from_number(int(days[place // arms])), units.arms[place % arms]
        before = known.get((day, arm))
        counts[day, arm] = DailyCount(
            day=day,
            arm=arm,
            decided=max(int(sums[0][place]), before.decided if before else 0),
            matured=int(sums[1][place]),
            total=float(sums[2][place]),
            squares=float(sums[3][place]),
        )
    return tuple(counts.get(key) or known[key] for key in sorted({*counts, *known}))


def count_erased(daily: Iterable[DailyCount], customers: int) -> int:
    """The customers that were counted and whose rows are gone; ``customers`` still have theirs."""
    return max(0, sum(count.decided for count in daily) - customers)
