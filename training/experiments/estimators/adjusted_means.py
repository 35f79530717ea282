"""Adjusted means: the arms of a fixed split, adjusted by what was known at the decision.

The outcome is regressed on the centred covariates in each arm by itself, which never loses precision against the plain
difference: Lin, "Agnostic notes on regression adjustments to experimental data", 2013. Standard errors allow a variance
of its own in each arm (Welch). A customer without a covariate has its mean, and a column that says so.
"""

from __future__ import annotations

import numpy as np

from features.arrays import Codes, Floats
from training.experiments.estimators.arm_estimates import ArmEstimates

CUSTOMERS_PER_COVARIATE = 20  # in the smallest arm; below it the covariates are left out


def adjusted_means(values: Floats, arm: Codes, arms: int, covariates: Floats | None = None) -> ArmEstimates:
    """The mean of each arm of a fixed split.

    Args:
        values: (n,) of the metric, all finite.
        arm: (n,) position of the arm.
        arms: the number of arms.
        covariates: (n, p), NaN where there is none; without them the plain means.
    """
    counts = np.bincount(arm, minlength=arms)
    design = centred_covariates(covariates, int(counts.min())) if covariates is not None else np.empty((len(values), 0))
    columns = design.shape[1]
    means, variances, slopes = np.full(arms, np.nan), np.full(arms, np.nan), np.zeros((arms, columns))
    for position in np.flatnonzero(counts > columns + 1):
        chosen = arm == position
        coefficients, residuals = _fit(values[chosen], design[chosen])
        means[position], slopes[position] = coefficients[0], coefficients[1:]
        variances[position] = residuals @ residuals / (counts[position] - columns - 1) / counts[position]
    # The covariates' own mean varies too: it counts where the slopes of two arms differ.
    covariance = np.diag(variances)
    if columns:
        covariance = covariance + slopes @ np.atleast_2d(np.cov(design, rowvar=False)) @ slopes.T / len(values)
    return ArmEstimates(means, covariance, np.maximum(counts - columns - 1.0, 1.0), method_name(columns))


def _fit(values: Floats, design: Floats) -> tuple[Floats, Floats]:
    """The intercept and the slopes (1 + columns,) of least squares, and the residuals (n,)."""
    if not design.shape[1]:
        mean = np.asarray([values.mean()])
        return mean, values - mean
    inputs = np.column_stack([np.ones(len(values)), design])
    coefficients = np.asarray(np.linalg.lstsq(inputs, values, rcond=None)[0], np.float64)
    return coefficients, values - inputs @ coefficients


def method_name(columns: int) -> str:
    """What the estimator is called in a result."""
    return "difference in means, regression-adjusted (Lin), Welch" if columns else "difference in means, Welch"


def centred_covariates(covariates: Floats, smallest_arm: int) -> Floats:
    """The covariates (n, columns) in standard deviations from their mean, with a column for those that are missing.

    Constant columns are left out, and all where the smallest arm has under CUSTOMERS_PER_COVARIATE customers for each.
    """
    missing = ~np.isfinite(covariates)
    counts = np.maximum((~missing).sum(axis=0), 1)
    means = np.where(missing, 0.0, covariates).sum(axis=0) / counts
    columns = np.column_stack([np.where(missing, means, covariates), missing.astype(np.float64)])
    columns = columns - columns.mean(axis=0)
    deviations = columns.std(axis=0)
    columns = columns[:, deviations > 1e-9] / deviations[deviations > 1e-9]
    enough = columns.shape[1] * CUSTOMERS_PER_COVARIATE <= smallest_arm
    chosen: Floats = columns if enough else columns[:, :0]
    return chosen
