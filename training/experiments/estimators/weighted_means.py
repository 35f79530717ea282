"""Weighted means: the arms of an adaptive allocation, weighted by the logged probabilities (Hajek).

Means of an adaptive allocation are biased, because later customers depend on earlier outcomes and the base rate moves.
Weights of 1 / probability remove it: Hajek (1971); Hadad, Hirshberg, Zhan, Wager and Athey, "Confidence intervals for
policy evaluation in adaptive experiments", 2021. The probabilities have a floor, so the normal limit holds.
"""

from __future__ import annotations

import numpy as np

from features.arrays import Codes, Floats
from training.experiments.estimators.adjusted_means import centred_covariates
from training.experiments.estimators.arm_estimates import ArmEstimates
from training.experiments.refusal import MIN_PROBABILITY

METHOD = "inverse probability weighting (Hajek)"


def weighted_means(values: Floats, arm: Codes, probabilities: Floats, covariates: Floats | None = None) -> ArmEstimates:
    """The mean of each arm over all customers, each weighted by 1 / probability of the arm that was drawn.

    With covariates the outcome less a linear forecast is weighted, whose slopes are shared by all arms: the forecast is
    the same for every arm, so that a wrong one costs precision and not validity.

    Args:
        values: (n,) of the metric, all finite.
        arm: (n,) position of the arm that was drawn.
        probabilities: (n, arms) with which it was drawn; an arm with one below MIN_PROBABILITY has no estimate.
        covariates: (n, p), NaN where there is none.
    """
    arms = probabilities.shape[1]
    overlap = np.all(probabilities >= MIN_PROBABILITY, axis=0)
    own = np.take_along_axis(probabilities, arm.astype(np.intp)[:, None], axis=1)[:, 0]
    weights = 1.0 / np.maximum(own, MIN_PROBABILITY)
    counts = np.bincount(arm, minlength=arms)
    adjusted = values - _forecast(values, arm, weights, covariates, int(counts.min()))
    totals = np.where(counts > 0, np.bincount(arm, weights=weights, minlength=arms), 1.0)
    means = np.bincount(arm, weights=weights * adjusted, minlength=arms) / totals
    squares = np.bincount(arm, weights=(weights * (adjusted - means[arm])) ** 2, minlength=arms)
    variances = squares / totals**2 * counts / np.maximum(counts - 1.0, 1.0)
    known = overlap & (counts > 1)
    # Each customer has one arm, so that the means of two arms share no customer and do not covary.
    return ArmEstimates(
        np.where(known, means, np.nan), np.diag(np.where(known, variances, np.nan)), np.full(arms, np.inf), METHOD
    )


def _forecast(values: Floats, arm: Codes, weights: Floats, covariates: Floats | None, smallest_arm: int) -> Floats:
    """The forecast (n,) of the outcome from the covariates, around 0, by weighted least squares within the arms."""
    if covariates is None:
        return np.zeros(len(values))
    design = centred_covariates(covariates, smallest_arm)
    if not design.shape[1]:
        return np.zeros(len(values))
    intercepts = arm[:, None] == np.unique(arm)[None, :]
    root = np.sqrt(weights)
    inputs = np.column_stack([intercepts, design]) * root[:, None]
    coefficients = np.linalg.lstsq(inputs, values * root, rcond=None)[0]
    forecast: Floats = design @ coefficients[intercepts.shape[1] :]
    return forecast
