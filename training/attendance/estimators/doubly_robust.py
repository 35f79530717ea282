"""Doubly robust difference in differences: right where either the propensity or the model of the change is right.

Sant'Anna & Zhao (2020), Journal of Econometrics 219, 101-122, equation 3.1 with its influence function for panel data:
logistic regression by maximum likelihood, and least squares among those who did not attend.
"""

from __future__ import annotations

import numpy as np

from features.arrays import Floats
from training.attendance.estimators.propensity import Propensity
from training.attendance.panel.panel import AttendancePanel
from training.estimate import Estimate, clustered_estimate

MAX_PROBABILITY = 0.995  # rows that attend almost surely have no counterpart (as in the authors' package DRDID)


def doubly_robust_effect(panel: AttendancePanel, design: Floats, propensity: Propensity) -> Estimate:
    """The mean effect of attending on the attendees, per week.

    Args:
        panel: n rows.
        design: (n, p) covariates with the constants of the cohorts.
        propensity: fitted on ``design``.
    """
    count, attended = len(panel), panel.attended.astype(float)
    probability = np.minimum(propensity.probability, MAX_PROBABILITY)
    compared = (1 - attended) * (propensity.probability < MAX_PROBABILITY)
    weights = compared * probability / (1 - probability)
    gram = np.linalg.pinv((design * compared[:, None]).T @ design / count)
    coefficients = gram @ (design.T @ (compared * panel.change)) / count
    residual = panel.change - design @ coefficients
    outcome_error = (design * (compared * residual)[:, None]) @ gram
    score_error = (design * (attended - propensity.probability)[:, None]) @ (propensity.covariance * count)

    treated_mean = (attended * residual).sum() / attended.sum()
    compared_mean = (weights * residual).sum() / weights.sum()
    treated = attended * (residual - treated_mean) - outcome_error @ (attended @ design / count)
    controls = (
        weights * (residual - compared_mean)
        + score_error @ ((weights * (residual - compared_mean)) @ design / count)
        - outcome_error @ (weights @ design / count)
    )
    influence = treated / attended.mean() - controls / weights.mean()
    return clustered_estimate(treated_mean - compared_mean, influence / count, panel.customer)
