"""Level shift: what to add to log-odds so that their mean probability is a given share."""

from __future__ import annotations

from features.arrays import Floats
from training.inference.log_odds import sigmoid

MAX_SHIFT = 30.0
BISECTION_STEPS = 60


def level_shift(scores: Floats, share: float) -> float:
    """The shift of the log-odds ``scores``, (n,), found by bisection."""
    low, high = -MAX_SHIFT, MAX_SHIFT
    for _ in range(BISECTION_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if float(sigmoid(scores + middle).mean()) < share else (low, middle)
    return low
