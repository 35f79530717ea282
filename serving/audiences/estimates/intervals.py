"""Between which amounts will a total lie? As far off as totals like it were before, never nearer than chance allows.

A sum of many predictions would have next to no error if customers erred each for themselves. They do not: a season, a
sale, a competitor move all of them at once, and what is left of that error in the total of a large group is what the
back-test saw from origin to origin. So the variance of the log of actual over predicted has two parts.

The common part is the mean squared log-ratio over the test origins, around 0 and not around its mean, for a release
that is always off by a fifth will be again. An audience may be moved by what moves its kind alone: the totals of fifths
by prediction are put together in the shares in which its own total comes from them, and the errors of that total are
taken if they are larger than those of everybody's. For an audience of everybody the two are one.

Single customers' chance is the other part: Poisson-binomial for buyers (the variance of a sum of unlike coins), and for
amounts a compound one, the square of the expected spend over the expected orders, times the dispersion that the
back-test found. The log-ratios contain the chance of the customers tested already, so that only what an audience has
beyond it is added; and the whole is never less than the audience's own chance.

Origins are few. The common part is taken to be known as well as from so many independent ones (windows that overlap
count once), the other part exactly; by Satterthwaite (1946, Biometrics Bulletin 2) Student's t then has
``total**2 / (common**2 / origins)`` degrees of freedom. Everything is on the log scale, so that no total is below 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from serving.audiences.estimates.backtest_errors import BacktestErrors, ErrorVariance

MAX_DEGREES_OF_FREEDOM = 1e4  # from here on the normal distribution
Z90 = 1.2815515655446004  # the 0.9 quantile of the normal distribution


@dataclass(frozen=True)
class TotalEstimate:
    """What is expected of some customers together."""

    predicted: Floats  # (n,) per customer, not below 0
    variance: Floats  # (n,) of each one's outcome, but for the dispersion

    @property
    def mean(self) -> float:
        """The expected total."""
        return float(self.predicted.sum())


@dataclass(frozen=True)
class PredictionInterval:
    """The middle four fifths of what a total may be."""

    p10: float
    p90: float
    degrees_of_freedom: float  # of freedom of Student's t
    uses_own_errors: bool  # whether the errors of its own kind were larger than everybody's


def prediction_interval(total: TotalEstimate, errors: BacktestErrors) -> PredictionInterval:
    """The 80 % interval of a total above 0."""
    mean = total.mean
    chance = errors.dispersion * float(total.variance.sum()) / mean**2
    everybody, own = errors.overall, errors.errors_for(total.predicted)
    taken = max(everybody, own, key=lambda spread: _common_variance(spread, chance))
    variance = max(_common_variance(taken, chance), chance)
    known = min(taken.error, variance)
    degrees = variance**2 / (known**2 / errors.independent_origins) if known > 0 else math.inf
    reach = math.exp(t_quantile_90(degrees) * math.sqrt(variance))
    return PredictionInterval(mean / reach, mean * reach, degrees, uses_own_errors=taken is own)


def _common_variance(errors: ErrorVariance, chance: float) -> float:
    return errors.error + max(chance - errors.noise, 0.0)


def t_quantile_90(degrees_of_freedom: float) -> float:
    """The 0.9 quantile of Student's t with any number of degrees of freedom, 1 or more.

    With t = sqrt(degrees) tan(angle) the density is a power of a cosine, which is summed over a grid.
    """
    if degrees_of_freedom > MAX_DEGREES_OF_FREEDOM:
        return Z90
    angle = np.linspace(0.0, np.pi / 2, 20_001)
    density = np.cos(angle) ** (degrees_of_freedom - 1)
    passed = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    # Half of the probability lies on this side of 0, and a tenth beyond what is looked for.
    return float(np.sqrt(degrees_of_freedom) * np.tan(np.interp(0.8 * passed[-1], passed, angle)))
