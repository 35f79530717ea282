"""Allocation report: what the next probabilities rest on, and the tests of what they assume."""

from __future__ import annotations

from training.experiments.allocation.arm_counts import DELAY_ALPHA
from training.experiments.allocation.change import change_of_effects
from training.experiments.allocation.delay_curve import delay_difference, delay_triangle
from training.experiments.allocation.next_probabilities import count_outcomes, warm_up_split
from training.experiments.allocation.thompson import is_warm
from training.experiments.record.started_experiment import StartedExperiment
from training.experiments.result_schema import AllocationResult
from training.experiments.units import Units


def report_allocation(units: Units, started: StartedExperiment) -> AllocationResult | None:
    """Report what the next probabilities of an adaptive experiment rest on; None for a fixed split."""
    record = started.record
    if record.allocation.kind != "adaptive":
        return None
    counts = count_outcomes(units, record)
    differ = delay_difference(delay_triangle(units, record.outcome.label, record.outcome.within_days))
    active = warm_up_split(record, started.removed_arms) > 0
    return AllocationResult(
        warm_up_over=bool(is_warm(counts, record.allocation.warm_up, active)[0]),
        delays_differ_p=differ,
        matured_only=differ < DELAY_ALPHA,
        change_p=float(change_of_effects(counts)[0]),
        half_life_days=record.allocation.half_life_days,
    )
