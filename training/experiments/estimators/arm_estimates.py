"""Arm estimates: a mean for each arm with their covariance, and the contrasts of arms that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.stats import norm, t

from features.arrays import Floats

# Nodes and weights for an expectation over a standard normal.
NORMAL_QUADRATURE = np.polynomial.hermite_e.hermegauss(64)


@dataclass(frozen=True)
class Effect:
    """Effect: a contrast of arms with its standard error and its degrees of freedom."""

    value: float
    standard_error: float
    degrees_of_freedom: float  # infinite for the normal distribution

    @property
    def z(self) -> float:
        """The effect as a normal quantile with the same tail probability; 0 where nothing varies."""
        if not self.standard_error:
            return 0.0
        ratio = self.value / self.standard_error
        return ratio if np.isinf(self.degrees_of_freedom) else float(np.sign(ratio) * -_normal_quantile(self, ratio))

    def interval(self, bound: float) -> tuple[float, float]:
        """The interval of this many standard errors of the normal distribution to each side."""
        if np.isfinite(self.degrees_of_freedom):
            bound = float(t.isf(norm.sf(bound), self.degrees_of_freedom))
        return self.value - bound * self.standard_error, self.value + bound * self.standard_error


def _normal_quantile(effect: Effect, ratio: float) -> float:
    return float(norm.ppf(t.sf(abs(ratio), effect.degrees_of_freedom)))


@dataclass(frozen=True)
class ArmEstimates:
    """The mean of each arm, in units of the metric."""

    means: Floats  # (arms,)
    covariance: Floats  # (arms, arms) of the means
    degrees_of_freedom: Floats  # (arms,) of each variance; infinite for the normal distribution
    method: str

    def contrast(self, coefficients: Sequence[float] | Floats) -> Effect:
        """A linear contrast of the arms, with the degrees of freedom of Welch (1947)."""
        weights = np.asarray(coefficients, np.float64)
        used = weights != 0
        weights, means, covariance = weights[used], self.means[used], self.covariance[np.ix_(used, used)]
        variance = float(weights @ covariance @ weights)
        parts = weights**2 * np.diag(covariance)
        shares = (parts**2 / self.degrees_of_freedom[used]).sum()
        freedom = float(parts.sum() ** 2 / shares) if shares > 0 else float("inf")
        return Effect(float(weights @ means), sqrt(max(variance, 0.0)), freedom)

    def difference(self, arm: int, control: int, factor: float = 1.0) -> Effect:
        """The mean of an arm less that of control, or less a multiple of it."""
        coefficients = np.zeros(self.means.size)
        coefficients[arm] += 1.0
        coefficients[control] -= factor
        return self.contrast(coefficients)

    def mean(self, arm: int) -> Effect:
        """The mean of one arm."""
        return self.contrast(np.eye(self.means.size)[arm])

    def probability_best(self) -> Floats:
        """The probability (arms,) that an arm has the largest mean, under a flat prior and normal likelihoods.

        By quadrature, so that it is the same each time; covariances of the means are small and are left out. An arm
        without an estimate has the probability 0.
        """
        known = np.isfinite(self.means) & (np.diag(self.covariance) > 0)
        result = np.zeros(self.means.size)
        means, deviations = self.means[known], np.sqrt(np.diag(self.covariance)[known])
        nodes, weights = NORMAL_QUADRATURE
        draws = means[:, None] + deviations[:, None] * nodes[None, :]
        chances = np.empty(means.size)
        for arm in range(means.size):
            others = np.arange(means.size) != arm
            below = norm.cdf((draws[arm][None, :] - means[others, None]) / deviations[others, None])
            chances[arm] = np.prod(below, axis=0) @ weights
        result[known] = chances / chances.sum() if chances.size else chances
        return result
