"""Qini: how much of the effect a ranking finds early, with the interval of it and of the difference of two.

It is the area between the cumulated gain per customer, the best-scored first, and the straight line to treating
everybody (Radcliffe 2007, "Using control groups to target on predicted lift"), times 10,000. As an area it equals the
covariance of the effect with the rank, so that its influence function is known and no bootstrap is needed.
"""

from __future__ import annotations

import numpy as np

from features.arrays import Floats
from training.estimate import Estimate, estimate_from_influence

SCALE = 10_000.0


def qini(scores: Floats, effects: Floats) -> Estimate:
    """Qini of a ranking.

    Args:
        scores: (n,) by models that did not see the customers; equal scores share the mean of their places.
        effects: (n,) doubly robust scores.
    """
    return estimate_from_influence(*_qini_influence(scores, effects)).scale(SCALE)


def qini_difference(scores: Floats, simpler: Floats, effects: Floats) -> Estimate:
    """Qini of a ranking less that of a simpler one, paired over the same customers, all (n,)."""
    value, influence = _qini_influence(scores, effects)
    other, other_influence = _qini_influence(simpler, effects)
    return estimate_from_influence(value - other, influence - other_influence).scale(SCALE)


def _qini_influence(scores: Floats, effects: Floats) -> tuple[float, Floats]:
    """The mean of effect x (rank - 1/2), and each customer's influence on it (Hájek's projection), (n,)."""
    n = len(scores)
    _, group, counts = np.unique(scores, return_inverse=True, return_counts=True)
    upto = np.cumsum(counts)
    rank = ((upto - 0.5 * counts) / n)[group]
    totals = np.bincount(group, weights=effects)
    above = ((totals.sum() - np.cumsum(totals) + 0.5 * totals) / n)[group]  # mean effect of those ranked above
    value = float((effects * (rank - 0.5)).mean())
    return value, effects * (rank - 0.5) + above - 2 * value - effects.mean() / 2
