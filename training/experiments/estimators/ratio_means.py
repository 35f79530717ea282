"""Ratio means: the ratio of two sums over the customers of each arm, such as spend per order (delta method).

Customers are independent of each other, and their orders are not, so the variance is taken over customers: Deng,
Knoblich and Lu, "Applying the delta method in metric analytics", 2018.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from features.arrays import Codes, Floats
from training.experiments.estimators.adjusted_means import adjusted_means
from training.experiments.estimators.arm_estimates import ArmEstimates
from training.experiments.estimators.weighted_means import weighted_means


def ratio_means(
    numerator: Floats, denominator: Floats, arm: Codes, arms: int, probabilities: Floats | None = None
) -> ArmEstimates:
    """The ratio of the sums of two metrics in each arm; no estimate where the denominators sum to 0.

    Args:
        numerator: (n,) for each customer, such as spend.
        denominator: (n,) for each customer, such as orders.
        arm: (n,) position of the arm.
        arms: the number of arms.
        probabilities: (n, arms) of an adaptive allocation; without them a fixed split.
    """

    def estimate(values: Floats) -> ArmEstimates:
        if probabilities is None:
            return adjusted_means(values, arm, arms)
        return weighted_means(values, arm, probabilities)

    below, above = estimate(denominator).means, estimate(numerator).means
    divisor = np.where(below > 0, below, np.nan)
    ratios = above / divisor
    linear = (numerator - np.nan_to_num(ratios)[arm] * denominator) / np.nan_to_num(divisor, nan=1.0)[arm]
    return replace(estimate(linear), means=ratios, method="ratio of means, delta method over customers")
