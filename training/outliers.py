"""Outlier fence: the largest value that is plausible among positive values, where one wrong value cannot raise it."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log
from statistics import NormalDist

import numpy as np

from features.arrays import Floats

LOWER_LEVEL, UPPER_LEVEL = 0.75, 0.99  # the quantiles whose distance on the log scale measures the tail
CHANCE = 0.1  # of a sample with a value above the fence
MIN_VALUES = 5
MIN_MULTIPLE = 2.0  # of the upper quantile; equal values have no spread
MISTAKE_MULTIPLE = 2.0  # of the fence


@dataclass(frozen=True)
class OutlierFence:
    """Outlier fence: the largest plausible magnitude, and the median, of positive values."""

    limit: float  # infinite for less than ``MIN_VALUES`` values
    median: float  # NaN without a value

    @classmethod
    def from_values(cls, values: Floats) -> OutlierFence:
        """Fence that one in ten samples of this size with a log-normal tail exceeds.

        The tail is the line through two upper quantiles on the log scale, continued to the largest value of a sample of
        n: Chauvenet's rule (1863) with quantiles instead of moments. The upper quantile is at most the second largest
        value, so that one wrong value hardly raises the fence; with many values, neither does one in a hundred.

        Args:
            values: (n,); only positive values count, so give one value per customer.
        """
        positive = np.sort(values[values > 0])
        median = float(np.median(positive)) if len(positive) else float("nan")
        return cls(_limit(positive) if len(positive) >= MIN_VALUES else inf, median)

    def winsorize(self, values: Floats) -> Floats:
        """Replace values beyond the fence, of any shape, as a redescending estimator does; NaN stays.

        A value beyond the fence counts as the fence. One beyond two fences is a mistake that tells nothing about its
        customer, and counts as the median (Hampel 1974, "The influence curve and its role in robust estimation").
        """
        is_mistake = np.abs(values) > MISTAKE_MULTIPLE * self.limit
        return np.asarray(np.where(is_mistake, np.sign(values) * self.median, np.clip(values, -self.limit, self.limit)))


def _limit(ascending: Floats) -> float:
    n, normal = len(ascending), NormalDist()
    indices = int(LOWER_LEVEL * (n - 2)), int(UPPER_LEVEL * (n - 1))
    low, high = (float(ascending[index]) for index in indices)
    low_score, high_score = (normal.inv_cdf((index + 0.5) / n) for index in indices)
    spread = log(high / low) / (high_score - low_score)
    return high * max(exp(spread * (normal.inv_cdf(1 - CHANCE / n) - high_score)), MIN_MULTIPLE)
