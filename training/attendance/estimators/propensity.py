"""Propensity: the probability of attending given covariates, by logistic regression with Newton's method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Floats

MAX_STEPS = 50
TOLERANCE = 1e-8
RIDGE = 1e-4  # on standardised covariates; keeps the maximum finite where attendees can be told apart without error
MAX_LOGIT = 15.0


@dataclass(frozen=True)
class Propensity:
    """A fitted propensity of n rows with p covariates, the first of which is the constant 1."""

    probability: Floats  # (n,)
    logit: Floats  # (n,)
    covariance: Floats  # (p, p) of the coefficients, the inverse of the Hessian


def fit_propensity(covariates: Floats, attended: Booleans) -> Propensity:
    """Fit a logistic regression by Newton's method (iteratively reweighted least squares).

    Args:
        covariates: (n, p), with a column of ones.
        attended: (n,).
    """
    coefficients, penalty = np.zeros(covariates.shape[1]), np.full(covariates.shape[1], RIDGE)
    for _ in range(MAX_STEPS):
        probability, hessian = _hessian(covariates, coefficients, penalty)
        step = np.linalg.solve(hessian, covariates.T @ (attended - probability) - penalty * coefficients)
        coefficients = coefficients + step
        if np.abs(step).max() < TOLERANCE:
            break
    probability, hessian = _hessian(covariates, coefficients, penalty)
    covariance: Floats = np.linalg.inv(hessian).astype(np.float64)
    return Propensity(probability, np.clip(covariates @ coefficients, -MAX_LOGIT, MAX_LOGIT), covariance)


def _hessian(covariates: Floats, coefficients: Floats, penalty: Floats) -> tuple[Floats, Floats]:
    """The probabilities, (n,), and the Hessian of the penalised log-likelihood, (p, p), with its sign changed."""
    logit = np.clip(covariates @ coefficients, -MAX_LOGIT, MAX_LOGIT)
    probability = 1 / (1 + np.exp(-logit))
    weighted = covariates * (probability * (1 - probability))[:, None]
    return probability, weighted.T @ covariates + np.diag(penalty)
