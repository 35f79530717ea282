"""Fit of the uplift calibration: least squares of doubly robust effects on scores of customers not trained on."""

from __future__ import annotations

import numpy as np

from features.arrays import Floats
from training.inference.uplift.calibration import UpliftCalibration

SEEN_SHARE = 0.001  # of the customers, beyond which a score is clipped at each end


def fit_calibration(scores: Floats, effects: Floats) -> UpliftCalibration:
    """Fit on out-of-fold scores (n,) and doubly robust effects (n,), with heteroscedasticity-robust variances.

    White (1980), "A heteroskedasticity-consistent covariance matrix estimator". Equal scores give all the average.
    """
    low, high = np.quantile(scores, [SEEN_SHARE, 1 - SEEN_SHARE])
    clipped = np.clip(scores, low, high)
    n, distance = len(clipped), clipped - clipped.mean()
    spread = float((distance**2).sum())
    average = float(effects.mean())
    slope = float((distance * effects).sum() / spread) if spread > 0 else 0.0
    residual = effects - average - slope * distance
    influence = distance * residual / spread if spread > 0 else np.zeros(n)
    return UpliftCalibration(
        average=average,
        slope=slope,
        mean_score=float(clipped.mean()),
        low_score=float(low),
        high_score=float(high),
        average_variance=float((residual**2).sum() / n**2),
        slope_variance=float((influence**2).sum()),
        covariance=float((influence * residual).sum() / n),
    )


def constant_calibration(effects: Floats) -> UpliftCalibration:
    """The average effect for everybody, from doubly robust effects (n,)."""
    return fit_calibration(np.zeros(len(effects)), effects)
