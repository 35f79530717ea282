"""Prediction interval of a total: log-normal, from the back-test errors of similar totals and the chance of customers.

The sum of many predictions would have almost no error if the errors of customers were independent. They are not: a
season, a sale or a competitor moves all customers at once, and the back-test shows the error that remains in the total
of a large group from origin to origin. The variance of the log of actual over predicted therefore has two parts.

The common part is the mean squared log-ratio over the test origins. It is taken around 0 and not around its mean,
because a release that is always wrong by a fifth will be so again. The members of
an audience may have larger errors than all customers. Therefore the back-test divides the customers into fifths by
prediction, the ratios of the fifths are averaged with their shares in the audience's total, and the errors of this
average are used if they are larger than those of all customers. For an audience of all customers both are equal.

The chance of single customers is the other part: Poisson-binomial for buyers (the variance of a sum of unequal coin
flips), and compound for amounts: the square of the expected spend over the expected orders, times the dispersion that
the back-test found. The log-ratios already contain the chance of the tested customers, so only the excess of the
audience's chance is added, and the sum is never less than the audience's own chance.

Origins are few. The common part is treated as estimated from the number of independent origins (overlapping windows
count once), and the other part as exact. By Satterthwaite (1946, Biometrics Bulletin 2) Student's t then has
``total**2 / (common**2 / origins)`` degrees of freedom. Everything is on the log scale, so no total is below 0.
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
    """The predicted outcomes of n customers, whose sum is the total."""

    predicted: Floats  # (n,) per customer, not below 0
    variance: Floats  # (n,) of each customer's outcome, before the dispersion

    @property
    def mean(self) -> float:
        """The expected total."""
        return float(self.predicted.sum())


@dataclass(frozen=True)
class PredictionInterval:
    """The 10th and the 90th percentile of a total."""

    p10: float
    p90: float
    degrees_of_freedom: float  # of Student's t
    uses_own_errors: bool  # whether the errors of its own kind exceed those of all customers


def prediction_interval(total: TotalEstimate, errors: BacktestErrors) -> PredictionInterval:
    """Return the 80 % prediction interval of a total above 0."""
    mean = total.mean
    chance = errors.dispersion * float(total.variance.sum()) / mean**2
    overall, own = errors.overall, errors.errors_for(total.predicted)
    larger = max(overall, own, key=lambda candidate: _common_variance(candidate, chance))
    variance = max(_common_variance(larger, chance), chance)
    common = min(larger.error, variance)
    degrees = variance**2 / (common**2 / errors.independent_origins) if common > 0 else math.inf
    factor = math.exp(t_quantile_90(degrees) * math.sqrt(variance))
    return PredictionInterval(mean / factor, mean * factor, degrees, uses_own_errors=larger is own)


def _common_variance(errors: ErrorVariance, chance: float) -> float:
    return errors.error + max(chance - errors.noise, 0.0)


def t_quantile_90(degrees_of_freedom: float) -> float:
    """Return the 0.9 quantile of Student's t for 1 or more degrees of freedom.

    With t = sqrt(degrees) tan(angle) the density is a power of a cosine, which is summed over a grid.
    """
    if degrees_of_freedom > MAX_DEGREES_OF_FREEDOM:
        return Z90
    angle = np.linspace(0.0, np.pi / 2, 20_001)
    density = np.cos(angle) ** (degrees_of_freedom - 1)
    cumulative = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    # Half of the probability lies above 0, and a fifth of that half lies above the quantile.
    return float(np.sqrt(degrees_of_freedom) * np.tan(np.interp(0.8 * cumulative[-1], cumulative, angle)))
