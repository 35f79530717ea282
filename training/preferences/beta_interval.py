"""Beta interval: the mean of a Beta distribution and its 80 % interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from features.arrays import Floats

TAIL_PROBABILITY = 0.1


@dataclass(frozen=True)
class BetaInterval:
    """A share and its 80 % interval, which contains the share; (m,) each."""

    mean: Floats
    p10: Floats
    p90: Floats


def beta_interval(yes: Floats, no: Floats) -> BetaInterval:
    """Mean and interval of Beta(yes, no); both (m,), at least 0 and not both 0. Equal pairs are computed once."""
    pairs, inverse = np.unique(yes + 1j * no, return_inverse=True)
    alpha, beta = np.maximum(pairs.real, 1e-12), np.maximum(pairs.imag, 1e-12)
    mean = alpha / (alpha + beta)
    # A distribution with nearly all its mass at 0 has its mean above the 90th percentile.
    low, high = (
        np.minimum(betaincinv(alpha, beta, TAIL_PROBABILITY), mean),
        np.maximum(betaincinv(alpha, beta, 1 - TAIL_PROBABILITY), mean),
    )
    return BetaInterval(mean[inverse], low[inverse], high[inverse])
