"""Prediction interval of a total: log-normal, from the back-test errors of similar totals and the chance of customers.

The sum of many predictions would have almost no error if the errors of customers were independent. They are not: a
season, a sale or a competitor moves all customers at once, and the back-test shows the error that remains in the total
of a large group from origin to origin. The interval therefore has two parts.

The common part is the scale of ``training.total_range``, from the errors at past origins and a prior. The members of an
audience may have larger errors than all customers. Therefore the back-test divides the customers into fifths by
prediction, the ratios of the fifths are averaged with their shares in the audience's total, and the errors of this
average are used if they are larger than those of all customers. For an audience of all customers both are equal.

The chance of single customers is the other part: Poisson-binomial for buyers (the variance of a sum of unequal coin
flips), Poisson for orders, and compound for amounts: the square of the expected spend over the expected orders. The
last two are multiplied by the dispersion that the back-test found. The errors already contain the chance of the tested
customers, so only the excess of the audience's chance is added.

Each part reaches as far as its own distribution: the common part, estimated from few origins, ``1.54 * scale``, and the
chance of many customers the normal quantile. The half-width is the root of the sum of their squares, and never less
than that of the audience's own chance, up to a hundredfold of the predicted total. Everything is on the log scale, so
no total is below 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from features.arrays import Floats
from serving.audiences.estimates.backtest_errors import BacktestErrors, ErrorScale
from training.total_range import MAX_HALF_WIDTH, T_FACTOR

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
    uses_own_errors: bool  # whether the errors of its own kind exceed those of all customers


def prediction_interval(total: TotalEstimate, errors: BacktestErrors) -> PredictionInterval:
    """Return the 80 % prediction interval of a total above 0."""
    mean = total.mean
    chance = errors.dispersion * float(total.variance.sum()) / mean**2
    overall, own = errors.overall(), errors.scale_for(total.predicted)
    uses_own_errors = _half_width(own, chance) > _half_width(overall, chance)
    factor = math.exp(_half_width(own if uses_own_errors else overall, chance))
    return PredictionInterval(mean / factor, mean * factor, uses_own_errors)


def _half_width(error: ErrorScale, chance: float) -> float:
    """Half the width of the interval on the log scale; beyond a hundredfold, a range says nothing more."""
    excess = max(chance - error.noise, 0.0)
    width = max(math.hypot(T_FACTOR * error.scale, Z90 * math.sqrt(excess)), Z90 * math.sqrt(chance))
    return min(width, MAX_HALF_WIDTH)
