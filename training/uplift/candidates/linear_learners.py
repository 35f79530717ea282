"""Linear learners: ridge regressions of the outcome, of all customers or of the treated and the others apart."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge

from features.arrays import Floats
from training.dataset.randomised_sample import RandomisedSample
from training.inference.average.regression import Regression
from training.inference.uplift.uplift_scores import LinearResponse, LinearTLearner

RIDGE = 3.0  # penalty on the sum of the losses, per squared standardised coefficient
CLIPPED_SHARE = 0.0005  # of the customers, at each end of a column


def fit_linear_response(sample: RandomisedSample) -> LinearResponse:
    """The expected outcome of all, the treatment left out: whoever is likely to buy is ranked first."""
    return _fit(sample.inputs, sample.outcome, is_binary=sample.is_binary)


def fit_linear_t_learner(sample: RandomisedSample) -> LinearTLearner:
    """One regression for the treated and one for the others (Künzel et al. 2019, "Metalearners")."""
    arms = (sample.treated, ~sample.treated)
    return LinearTLearner(*(_fit(sample.inputs[arm], sample.outcome[arm], is_binary=sample.is_binary) for arm in arms))


def _fit(inputs: Floats, outcome: Floats, *, is_binary: bool) -> LinearResponse:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column without a value
        low, high = np.nanquantile(inputs, [CLIPPED_SHARE, 1 - CLIPPED_SHARE], axis=0)
        clipped = np.clip(inputs, low, high)
        mean, spread = np.nanmean(clipped, axis=0), np.nanstd(clipped, axis=0)
    low, high, mean = np.nan_to_num(low), np.nan_to_num(high), np.nan_to_num(mean)
    scale = np.where(spread > 1e-9, spread, 1.0)
    standardised = np.nan_to_num((clipped - mean) / scale)
    coefficients, intercept = _coefficients(standardised, outcome, is_binary=is_binary)
    return LinearResponse(Regression(low, high, mean, scale, coefficients, intercept), is_binary)


def _coefficients(standardised: Floats, outcome: Floats, *, is_binary: bool) -> tuple[Floats, float]:
    if is_binary and outcome.min() == outcome.max():
        odds = (outcome.sum() + 0.5) / (len(outcome) - outcome.sum() + 0.5)
        return np.zeros(standardised.shape[1]), float(np.log(odds))
    model = LogisticRegression(C=1 / RIDGE, solver="newton-cholesky", max_iter=200) if is_binary else Ridge(alpha=RIDGE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = model.fit(standardised, outcome)
    return np.asarray(fitted.coef_, dtype=float).ravel(), float(np.ravel(fitted.intercept_)[0])
