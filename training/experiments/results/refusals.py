"""Refusals of results: when the customers of an experiment do not identify an effect, or do not yet."""

from __future__ import annotations

from datetime import date

import numpy as np

from features.arrays import Booleans
from training.experiments.estimators.estimation import has_constant_probabilities, is_even, is_mature_for
from training.experiments.record.experiment import Experiment
from training.experiments.refusal import MIN_CONVERSIONS, MIN_PROBABILITY, MIN_UNITS, Refusal
from training.experiments.units import Units


def refuse_experiment(
    experiment: Experiment, units: Units, matures_on: date | None, as_of: date | None = None
) -> Refusal | None:
    """Why no effect of the experiment can be stated; None where one can.

    The sample ratio is checked before. Decisions from the day ``as_of`` on are not among the customers.
    """
    if not len(units):
        before = "" if as_of is None else f" before {as_of}"
        needed = f"{MIN_UNITS} matured customers and {MIN_CONVERSIONS} conversions in each arm"
        return Refusal(
            "too_few",
            f"Found no decision{before}; expected {needed}. Ask for customers with `POST /v1/decisions`; a decision "
            "counts from the next day on.",
        )
    unlogged = int(np.isnan(units.probabilities).any(axis=1).sum())
    if unlogged and not is_even(experiment):
        return Refusal(
            "probabilities_unknown",
            f"Found {unlogged:,} decisions without logged probabilities; expected one for each arm, since the split is "
            "not even. Take decisions with `POST /v1/decisions`, which logs them.",
        )
    if experiment.control is None:
        return Refusal(
            "no_randomised_control",
            "Found no control arm; expected one that is drawn at random like the others. Declare it in the next "
            "experiment.",
        )
    if not is_mature_for(units, experiment.outcome.label).any():
        return Refusal(
            "not_mature",
            f"Found no customer whose {experiment.outcome.within_days} days are over; expected some. All "
            f"{len(units):,} so far will count on {matures_on}.",
        )
    return None


def refuse_arm(units: Units, label: str, arm: int, *, few_conversions: bool = True) -> Refusal | None:
    """Why the effect of an arm against control cannot be stated; None where it can.

    Args:
        units: the customers whom the effect is asked for.
        label: of the metric.
        arm: its position; control's own position checks control alone.
        few_conversions: whether too few conversions refuse, as for the outcome; a guardrail may have none.
    """
    control = units.control
    positions = {arm} if control is None else {arm, control}
    mature = is_mature_for(units, label)
    if refusal := _refuse_overlap(units, mature, sorted(positions)):
        return refusal
    for position in sorted(positions):
        values = units.values[label][mature & (units.arm == position)]
        conversions = int((values > 0).sum())
        missing = max(0, MIN_UNITS - len(values)), max(0, MIN_CONVERSIONS - conversions) if few_conversions else 0
        if any(missing):
            return Refusal(
                "too_few",
                f"Found {len(values):,} matured customers and {conversions:,} conversions in the arm "
                f"{units.arms[position]}; expected {MIN_UNITS} and {MIN_CONVERSIONS}. Missing: {missing[0]} customers, "
                f"{missing[1]} conversions.",
            )
    return None


def _refuse_overlap(units: Units, mature: Booleans, positions: list[int]) -> Refusal | None:
    if has_constant_probabilities(units):
        return None
    probabilities = units.probabilities[mature][:, positions]
    lowest = probabilities.min(axis=0, initial=1.0)
    if (lowest >= MIN_PROBABILITY).all():
        return None
    position = int(np.argmin(lowest))
    count = int((probabilities[:, position] < MIN_PROBABILITY).sum())
    return Refusal(
        "no_overlap",
        f"Found {count:,} customers whose probability of the arm {units.arms[positions[position]]} was below "
        f"{MIN_PROBABILITY}; expected more for every customer that the effect counts. Let it run in the next "
        "experiment.",
    )


def refuse_undeclared(next_look: date | None, matures_on: date | None) -> Refusal:
    """The refusal of a verdict on a day that is no declared look; the band may be looked at."""
    ahead = f"The next declared look is on {next_look}" if next_look else "The last look comes at the end"
    wait = f", and all customers so far count on {matures_on}" if matures_on else ""
    return Refusal(
        "peeked",
        f"Found a day that is no declared look; expected one for a verdict. {ahead}{wait}. The band holds on any day.",
    )
