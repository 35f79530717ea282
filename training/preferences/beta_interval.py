"""The mean of a Beta distribution and the interval that holds it four times out of five."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from features.arrays import Floats

TAIL_PROBABILITY = 0.1


@dataclass(frozen=True)
class BetaInterval:
    """A share, and its 80 % interval, which contains it; (m,) each."""

    mean: Floats
    p10: Floats
    p90: Floats


def beta_interval(yes: Floats, no: Floats) -> BetaInterval:
    """Of Beta(yes, no), both (m,), not negative, and not both 0; equal pairs are worked out once."""
    pairs, back = np.unique(yes + 1j * no, return_inverse=True)
    one, other = np.maximum(pairs.real, 1e-12), np.maximum(pairs.imag, 1e-12)
    mean = one / (one + other)
    # A distribution that is nearly all at 0 has its mean above the 90th percentile.
    low, high = (
        np.minimum(betaincinv(one, other, TAIL_PROBABILITY), mean),
        np.maximum(betaincinv(one, other, 1 - TAIL_PROBABILITY), mean),
    )
    return BetaInterval(mean[back], low[back], high[back])
