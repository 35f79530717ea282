"""Confidence sequence: a band that holds at all looks together, so that anybody may look at any time.

The normal mixture of Robbins (1970), in its asymptotic form for means of unknown variance: Howard, Ramdas et al.,
"Time-uniform, nonparametric, nonasymptotic confidence sequences", 2021; Waudby-Smith, Arbour, Sinha, Kennedy and
Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences", 2024, Theorem 2.2.
"""

from __future__ import annotations

from math import log, sqrt

import numpy as np

from features.arrays import Floats

NARROWEST_AT = 10_000  # customers; the band is narrowest near this number, and wider by a quarter at a tenth of it


def band_multiplier(customers: Floats | int, alpha: float = 0.05) -> Floats:
    """The half-width of the band in standard errors, (looks,) or a number.

    Args:
        customers: matured customers at each look; few of them make the normal approximation poor.
        alpha: two-sided error of the first kind, over all looks together.
    """
    count = np.asarray(customers, np.float64)
    mixture = count * _mixture_variance(alpha)
    return np.sqrt(2 * (mixture + 1) / mixture * (np.log(mixture + 1) / 2 - log(alpha)))


def _mixture_variance(alpha: float) -> float:
    """The variance of the mixture with which the band is narrowest at NARROWEST_AT customers."""
    twice = -2 * log(alpha)
    return sqrt(twice + log(twice + 1)) ** 2 / NARROWEST_AT
