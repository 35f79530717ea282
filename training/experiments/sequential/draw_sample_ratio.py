"""Sample ratio of draws: whether as many were treated as their logged probabilities say, at one look (NumPy alone).

Each unit has a probability of its own; ``sample_ratio`` is for arms that are looked at on many days.

The e-value is a likelihood ratio against probabilities whose odds are all shifted alike, averaged over shifts. If the
logged probabilities are right, its expectation is 1, so it exceeds 1,000 in at most one of 1,000 tries (Markov's
inequality; Lindon, Malek: Anytime-valid inference for multinomial count data, NeurIPS 2022).
"""

from __future__ import annotations

import numpy as np

from features.arrays import Booleans, Floats

_SHIFTS = np.concatenate([sign * np.geomspace(0.005, 2.0, 30) for sign in (-1.0, 1.0)])  # of the log odds


def draw_e_value(treated: Booleans, probability: Floats) -> float:
    """The e-value against the probabilities of being treated, each strictly between 0 and 1; capped at 1e300."""
    unique, position = np.unique(probability, return_inverse=True)
    counts = np.bincount(position, minlength=len(unique))
    # log of prod exp(shift * treated) / (1 - p + p exp(shift))
    normaliser = counts @ np.log1p(unique[:, None] * np.expm1(_SHIFTS))
    logs = _SHIFTS * treated.sum() - normaliser
    return float(np.exp(np.clip(logs, None, 690.0)).mean())
