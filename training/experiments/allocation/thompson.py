"""Thompson sampling: an arm is drawn as often as it is probably the best, and never less often than the floor.

Thompson, Biometrika 25, 1933; in batches of a day, the probabilities of which are logged with every decision.
"""

from __future__ import annotations

import numpy as np

from features.arrays import Booleans, Floats
from training.experiments.allocation.arm_counts import ArmCounts
from training.experiments.allocation.arm_effects import ArmInformation, fit_arm_effects, halve_each
from training.experiments.allocation.partial_pooling import effect_posteriors
from training.experiments.record.experiment import Allocation, WarmUp

# At each scatter of the segments: the standard error of a probability is at most .008, by opposite pairs less.
DRAWS = 4000


def allocate(counts: ArmCounts, allocation: Allocation, even: Floats, rng: np.random.Generator, draws: int) -> Floats:
    """Return the next probabilities of shape (runs, segments, arms).

    Args:
        counts: what is known so far.
        allocation: the floor, the warm-up and the half-life of the experiment.
        even: (arms,) the probabilities during the warm-up; 0 for an arm that was taken out.
        rng: the draws of Thompson sampling.
        draws: how many, at each scatter of the segments.
    """
    active = even > 0
    information = fit_arm_effects(counts, halve_each(counts.days_ago, allocation.half_life_days))
    best = best_arm_probabilities(information, active, rng, draws)
    return np.where(
        is_warm(counts, allocation.warm_up, active)[:, None, None],
        apply_floor(best, allocation.floor, active),
        even,
    )


def best_arm_probabilities(
    information: ArmInformation, active: Booleans, rng: np.random.Generator, draws: int
) -> Floats:
    """Return the posterior probability of each arm to be the best, of shape (runs, segments, arms)."""
    arms = np.arange(len(active))
    best = np.zeros_like(information.score)
    for posterior in effect_posteriors(information):
        effects = np.where(active, posterior.sample(rng, draws), -np.inf)
        wins = (effects.argmax(-1)[..., None] == arms).mean(-2)
        best += posterior.weight[:, None, None] * wins
    return best


def apply_floor(best: Floats, floor: float, active: Booleans) -> Floats:
    """Return the additive floor, ``floor + (1 - K floor) best`` over the K active arms: no arm is below it."""
    return np.where(active, floor + (1 - active.sum() * floor) * best, 0.0)


def is_warm(counts: ArmCounts, warm_up: WarmUp, active: Booleans) -> Booleans:
    """Return whether every active arm has the units and the conversions of the warm-up, in all segments, (runs,)."""
    units, conversions = counts.units.sum((1, 2)), counts.conversions.sum((1, 2))
    enough = (units >= warm_up.units) & (conversions >= warm_up.conversions)
    return np.asarray((enough | ~active).all(-1))
