"""Estimate: a number with its standard error and its normal interval, from the influence of each row on it.

The influence function of an estimator says by how much each row moves the estimate; the error of the estimate is the
spread of the influences (Hampel 1974, Journal of the American Statistical Association 69, 383-393).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from statistics import NormalDist

import numpy as np

from features.arrays import Floats, Integers

CONFIDENCE = 0.95
NORMAL_975 = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)  # standard errors to each end of a 95 % interval


@dataclass(frozen=True)
class Estimate:
    """An estimate; its intervals end where the value cannot be."""

    value: float
    standard_error: float
    lowest: float = -inf  # what the value can be at least
    highest: float = inf

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """The two-sided interval."""
        half = NormalDist().inv_cdf(0.5 + confidence / 2) * self.standard_error
        return max(self.value - half, self.lowest), min(self.value + half, self.highest)

    @property
    def low(self) -> float:
        """The lower end of the 95 % interval."""
        return self.interval()[0]

    @property
    def high(self) -> float:
        """The upper end of the 95 % interval."""
        return self.interval()[1]

    def overlaps(self, other: Estimate) -> bool:
        """Whether the two 95 % intervals share a value."""
        return self.low <= other.high and other.low <= self.high

    def scale(self, factor: float) -> Estimate:
        """The estimate in another unit, ``factor`` of which make one of this; it is above 0."""
        return Estimate(self.value * factor, self.standard_error * factor, self.lowest * factor, self.highest * factor)


def wilson_interval(share: Floats | float, count: Floats | float) -> tuple[Floats, Floats]:
    """The 95 % interval of a share observed in ``count`` customers or texts; (0, 1) where there are none.

    Source: Wilson 1927, "Probable inference, the law of succession", JASA 22.
    """
    n, z = np.maximum(np.asarray(count, dtype=np.float64), 1e-9), NORMAL_975
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    is_known = np.asarray(count) > 0
    low, high = np.minimum(centre - half, share), np.maximum(centre + half, share)
    return np.where(is_known, low, 0.0), np.where(is_known, high, 1.0)


def estimate_from_influence(value: float, influence: Floats) -> Estimate:
    """The estimate of n independent rows, by the influence of each on a mean, (n,); its own values for a plain mean."""
    return Estimate(float(value), float(influence.std(ddof=1) / np.sqrt(len(influence))))


def clustered_estimate(value: float, influence: Floats, customer: Integers) -> Estimate:
    """The estimate whose error is the sum of the rows' influences, (n,), with rows of one customer dependent."""
    return Estimate(float(value), float(np.sqrt((sum_by_customer(influence, customer) ** 2).sum())))


def sum_by_customer(influence: Floats, customer: Integers) -> Floats:
    """The sum of the rows' influences by customer, (customers,): one who has several rows counts as one cluster."""
    _, position = np.unique(customer, return_inverse=True)
    return np.bincount(position, influence).astype(np.float64)
