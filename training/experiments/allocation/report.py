"""Allocation report: what the next probabilities rest on, and the tests of what they assume."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from training.experiments.allocation.arm_counts import DELAY_ALPHA
from training.experiments.allocation.change import change_of_effects
from training.experiments.allocation.delay_curve import delay_curve, delay_difference, delay_triangle
from training.experiments.allocation.next_probabilities import count_outcomes, warm_up_split
from training.experiments.allocation.thompson import is_warm
from training.experiments.experiment import Experiment
from training.experiments.units import Units


@dataclass(frozen=True, kw_only=True)
class AllocationReport:
    """Report of an allocation, of plain values."""

    warm: bool  # whether the warm-up is over
    units: dict[str, int]  # by arm, those that count
    conversions: dict[str, int]  # by arm, within the window and known
    delay_curve: tuple[float, ...]  # share of conversions expected by the end of each day
    delays_differ_p: float  # that all arms share the curve
    matured_only: bool  # whether units count only when matured, since the delays differ
    change_p: float  # that the arm effects are the same in both halves
    half_life_days: int | None


def report_allocation(units: Units, experiment: Experiment, removed_arms: Collection[str] = ()) -> AllocationReport:
    """Report what the next probabilities of an experiment rest on."""
    counts = count_outcomes(units, experiment)
    triangle = delay_triangle(units, experiment.outcome.label, experiment.outcome.within_days)
    delays_differ_p = delay_difference(triangle)
    active = warm_up_split(experiment, removed_arms) > 0
    by_arm = {
        name: tuple(int(value) for value in values[0].sum((0, 1)))
        for name, values in (("units", counts.units), ("conversions", counts.conversions))
    }
    return AllocationReport(
        warm=bool(is_warm(counts, experiment.allocation.warm_up, active)[0]),
        units=dict(zip(units.arms, by_arm["units"], strict=True)),
        conversions=dict(zip(units.arms, by_arm["conversions"], strict=True)),
        delay_curve=tuple(float(share) for share in delay_curve(triangle)),
        delays_differ_p=delays_differ_p,
        matured_only=delays_differ_p < DELAY_ALPHA,
        change_p=float(change_of_effects(counts)[0]),
        half_life_days=experiment.allocation.half_life_days,
    )
