"""Arm effects: the two-way fit of stratum and arm by weighted least squares, on the scale of the stratum's own rate.

The rate of an arm on a day, over the rate of all arms on that day, is 1 plus the effect of the arm. The weight is the
inverse variance of a rate, so that a stratum weighs as much as it has conversions. The day effects are swept out
(Frisch and Waugh, Econometrica 1, 1933): what is left is each arm's conversions minus its share of all, as in the
stratified tests of Mantel and Haenszel (JNCI 22, 1959). What a stratum expects by its age divides both rates, so
outcomes that are late cost precision and no bias.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.experiments.allocation.arm_counts import ArmCounts

HIGHEST_RATE = 0.99  # where everybody converted, nobody's variance is zero


@dataclass(frozen=True, kw_only=True)
class ArmInformation:
    """Normal equations of the arm effects: ``precision @ effects = score``, one for each run and segment."""

    precision: Floats  # (..., arms, arms), singular: effects are differences between arms
    score: Floats  # (..., arms)


def fit_arm_effects(counts: ArmCounts, discount: Floats) -> ArmInformation:
    """Return the information on the arm effects of each run and segment, given the weight of each stratum, (strata,).

    A weight is 1 where a stratum counts in full, 0.5 where it counts half.
    """
    exposed, converted = counts.exposure.sum(-1), counts.conversions.sum(-1)
    share = _divide(counts.exposure, exposed[..., None])
    rate = np.minimum(_divide(converted, counts.units.sum(-1)), HIGHEST_RATE)
    weight = discount / (1 - rate)
    weighted_share = (weight * converted)[..., None] * share
    diagonal = weighted_share.sum(-2)[..., None] * np.eye(share.shape[-1])
    return ArmInformation(
        precision=diagonal - np.swapaxes(weighted_share, -1, -2) @ share,
        score=(weight[..., None] * (counts.conversions - converted[..., None] * share)).sum(-2),
    )


def halve_each(days_ago: Floats, half_life_days: int | None) -> Floats:
    """Return the weight of observations of this age: halved with each half-life, 1 without any."""
    return np.ones_like(days_ago) if half_life_days is None else 0.5 ** (days_ago / half_life_days)


def _divide(part: Floats, whole: Floats) -> Floats:
    """Return the quotient, 0 where nothing is divided by nothing."""
    return np.divide(part, whole, out=np.zeros(np.broadcast_shapes(part.shape, whole.shape)), where=whole > 0)
