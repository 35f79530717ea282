"""Log-odds: the scale on which probabilities are averaged."""

from __future__ import annotations

import numpy as np

from features.arrays import Floats
from training.inference.fast_numpy import clip

MIN_PROBABILITY = 1e-6


def logit(probability: Floats) -> Floats:
    """Return the log-odds, with the probability clipped so that they stay finite."""
    clipped = clip(probability, MIN_PROBABILITY, 1 - MIN_PROBABILITY)
    return np.asarray(np.log(clipped / (1 - clipped)))


def sigmoid(score: Floats) -> Floats:
    """Return the logistic function of the scores, stable for large ones."""
    return np.asarray(np.exp(-np.logaddexp(0.0, -score)))
