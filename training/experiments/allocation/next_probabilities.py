"""Next probabilities: how the next customers of an adaptive experiment are split, from what came of the ones before.

Arms are judged by conversions also where the outcome is an amount: amounts vary so much more that a split by
them learns later.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from features.arrays import Floats
from training.experiments.allocation.arm_counts import ArmCounts, count_arms
from training.experiments.allocation.thompson import DRAWS, allocate, apply_floor
from training.experiments.record.epochs import EVERYBODY
from training.experiments.record.experiment import Experiment
from training.experiments.units import Units


def next_probabilities(
    units: Units, experiment: Experiment, rng: np.random.Generator, removed_arms: Collection[str] = ()
) -> dict[str, tuple[float, ...]]:
    """Return the probabilities of the arms by segment, ``""`` for everybody else; each sums to 1.

    No active arm is below the floor, control included; an arm that was taken out has 0. Until the warm-up is over the
    split is that of the record.

    Raises:
        ValueError: the split is fixed, or no arm is left.
    """
    if experiment.allocation.kind != "adaptive":
        raise ValueError(
            f"found a {experiment.allocation.kind} split in {experiment.id}; expected an adaptive one: "
            "the probabilities of a fixed split never change"
        )
    even = warm_up_split(experiment, removed_arms)
    counts = count_outcomes(units, experiment)
    probabilities = allocate(counts, experiment.allocation, even, rng, DRAWS)[0]
    return _by_segment(probabilities, _segments(units, experiment))


def warm_up_split(experiment: Experiment, removed_arms: Collection[str] = ()) -> Floats:
    """Return the probabilities before anything is learned, (arms,): the shares of the record, among the arms left.

    Raises:
        ValueError: no arm is left.
    """
    active = np.array([name not in removed_arms for name in experiment.arm_names])
    if not active.any():
        raise ValueError(f"found no arm left in {experiment.id}; expected at least one: stop the experiment instead")
    shares = np.where(active, experiment.shares, 0.0)
    shares = shares / shares.sum()
    floor = experiment.allocation.floor
    return apply_floor(shares, floor, active) if shares[active].min() < floor else shares


def count_outcomes(units: Units, experiment: Experiment) -> ArmCounts:
    """Count the arms by the experiment's own outcome; without a column of segments all units are one segment."""
    counts = count_arms(units, experiment.outcome.label, experiment.outcome.within_days)
    return counts if experiment.segments is not None else counts.merge_segments()


def _segments(units: Units, experiment: Experiment) -> tuple[str, ...]:
    return units.segments if experiment.segments is not None else ()


def _by_segment(probabilities: Floats, segments: tuple[str, ...]) -> dict[str, tuple[float, ...]]:
    keys = (*segments, EVERYBODY)
    return {key: _as_probabilities(row) for key, row in zip(keys, probabilities, strict=True)}


def _as_probabilities(row: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in row / row.sum())
