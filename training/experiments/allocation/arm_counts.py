"""Arm counts: units, exposure and conversions of each arm, by segment and by what was drawn with one probability.

A stratum is a day and an epoch: within a segment and a stratum all units were drawn with the same probabilities. So
arms are compared with nothing else between them, whatever the trend, the season or the mixture of segments.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from features.arrays import Floats, Integers
from training.experiments.allocation.delay_curve import delay_curve, delay_difference, delay_triangle
from training.experiments.units import Units

DELAY_ALPHA = 0.001  # looked at each night: below it the arms do not share one delay curve


@dataclass(frozen=True, kw_only=True)
class ArmCounts:
    """Arm counts, of shape (runs, segments, strata, arms); an experiment is one run, a simulation has many."""

    units: Floats
    exposure: Floats  # units, each times the share of conversions expected by its age
    conversions: Floats
    days_ago: Floats  # (strata,) from the newest stratum

    def merge_segments(self) -> ArmCounts:
        """Return the counts as one segment, with the segments as strata of it: what the arms do on average."""
        runs, segments, strata, arms = self.units.shape
        shape = (runs, 1, segments * strata, arms)
        return replace(
            self,
            units=self.units.reshape(shape),
            exposure=self.exposure.reshape(shape),
            conversions=self.conversions.reshape(shape),
            days_ago=np.tile(self.days_ago, segments),
        )

    def merge_strata(self) -> ArmCounts:
        """Return the counts without their strata: the plain means of the arms, which any trend misleads."""
        return replace(
            self,
            units=self.units.sum(2, keepdims=True),
            exposure=self.exposure.sum(2, keepdims=True),
            conversions=self.conversions.sum(2, keepdims=True),
            days_ago=np.zeros(1),
        )


def count_arms(units: Units, label: str, window_days: int) -> ArmCounts:
    """Count the arms of an experiment by the conversions of a metric; the last segment is that of units without one.

    Where the delays of the arms differ, an arm may only be sooner: then matured units alone count.
    """
    triangle = delay_triangle(units, label, window_days)
    if delay_difference(triangle) < DELAY_ALPHA:
        exposure = (triangle.finished_days == window_days).astype(np.float64)
    else:
        exposure = delay_curve(triangle)[triangle.finished_days]
    strata, days = _strata(units)
    segment = np.where(units.segment < 0, len(units.segments), units.segment).astype(np.int64)
    shape = (len(units.segments) + 1, len(days), len(units.arms))
    cell = np.ravel_multi_index((segment, strata, units.arm.astype(np.int64)), shape)
    known = exposure > 0

    def total(weight: Floats) -> Floats:
        sums: Floats = np.bincount(cell, weight, minlength=int(np.prod(shape))).astype(np.float64)
        return sums.reshape(1, *shape)

    return ArmCounts(
        units=total(known.astype(np.float64)),
        exposure=total(exposure),
        conversions=total(np.where(known, triangle.converted, 0.0)),
        days_ago=(days.max(initial=0) - days).astype(np.float64),
    )


def _strata(units: Units) -> tuple[Integers, Integers]:
    """Return the stratum of each unit, (n,), and the day of each stratum."""
    epochs = int(units.epoch.max(initial=0)) + 1
    # One key sorts faster than pairs.
    values, stratum = np.unique(units.day * epochs + units.epoch, return_inverse=True)
    return stratum.reshape(-1), values // epochs
