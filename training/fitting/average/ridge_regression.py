"""Ridge regression: logistic for P(order), Poisson for expected orders, on standardised columns."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, PoissonRegressor

from features.arrays import Floats
from training.inference.average.regression import Regression
from training.member import Target

RIDGE = 3.0  # penalty on the sum of the losses, per squared standardised coefficient
CLIPPED_SHARE = 0.0005  # of the rows, at each end of a column


def fit_ridge_regression(target: Target, columns: Floats, outcome: Floats, weight: Floats) -> Regression:
    """Fit log-odds of an order, or the log of expected orders, on columns (n, k); outcome and weight are (n,).

    Hoerl & Kennard (1970), "Ridge regression"; le Cessie & van Houwelingen (1992), "Ridge estimators in logistic
    regression". Without both outcomes, or without an order, the score is a constant.
    """
    low, high = np.quantile(columns, [CLIPPED_SHARE, 1 - CLIPPED_SHARE], axis=0)
    clipped = np.clip(columns, low, high)
    mean = np.average(clipped, axis=0, weights=weight)
    spread = np.sqrt(np.average((clipped - mean) ** 2, axis=0, weights=weight))
    scale = np.where(spread > 1e-9, spread, 1.0)
    coefficients, intercept = _fit(target, (clipped - mean) / scale, outcome, weight)
    return Regression(low, high, mean, scale, coefficients, intercept)


def _fit(target: Target, standardised: Floats, outcome: Floats, weight: Floats) -> tuple[Floats, float]:
    total, observed = float(weight.sum()), float((outcome * weight).sum())
    if observed <= 0 or (target is Target.ORDER and observed >= total):
        share = np.clip(observed / max(total, 1e-9), 0.5 / (total + 1), None)
        level = np.log(share) if target is Target.ORDERS else np.log(share / max(1 - share, 0.5 / (total + 1)))
        return np.zeros(standardised.shape[1]), float(level)
    model = (
        LogisticRegression(C=1 / RIDGE, solver="newton-cholesky", max_iter=200)
        if target is Target.ORDER
        else PoissonRegressor(alpha=RIDGE / total, solver="newton-cholesky", max_iter=200)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = model.fit(standardised, outcome, sample_weight=weight)
    return np.asarray(fitted.coef_, dtype=float).ravel(), float(np.ravel(fitted.intercept_)[0])
