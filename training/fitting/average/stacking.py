"""Stacking: the weights of the members, learned on customers whom no member has seen and drawn towards equal ones.

The average needs no winner; decision 48 compares it with picking the best member.
Wolpert (1992), "Stacked generalization"; Breiman (1996), "Stacked regressions", for weights of 0 or more.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

from features.arrays import Floats
from training.member import Target

SHRINKAGE = 0.02  # of the mean loss, per squared distance from equal weights; drift does not shrink with more rows


def fit_weights(target: Target, scores: Floats, outcome: Floats, weight: Floats) -> tuple[Floats, float]:
    """Weights of the members, (members,), and intercept, that minimise the mean loss of the averaged scores.

    Args:
        target: log-odds are judged by log loss, logs of orders by Poisson deviance relative to the mean.
        scores: (n, members) of customers left out of their fits.
        outcome: (n,) 0 or 1, or counts.
        weight: (n,) of the rows.
    """
    members = scores.shape[1]
    equal = np.full(members, 1 / members)
    share = weight / weight.sum()
    loss = _log_loss if target is Target.ORDER else _poisson_loss
    unit = 1.0 if target is Target.ORDER else max(float(share @ outcome), 1e-9)

    def objective(parameters: Floats) -> tuple[float, Floats]:
        weights, intercept = parameters[:-1], parameters[-1]
        value, slope = loss(scores @ weights + intercept, outcome)
        slope = share * slope / unit
        penalty = SHRINKAGE * float(((weights - equal) ** 2).sum())
        gradient = np.append(scores.T @ slope + 2 * SHRINKAGE * (weights - equal), slope.sum())
        return float(share @ value) / unit + penalty, gradient

    bounds = [(0.0, None)] * members + [(None, None)]
    found = minimize(objective, np.append(equal, 0.0), jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x[:-1], dtype=float), float(found.x[-1])


Loss = Callable[[Floats, Floats], tuple[Floats, Floats]]


def _log_loss(scores: Floats, outcome: Floats) -> tuple[Floats, Floats]:
    return np.logaddexp(0.0, scores) - outcome * scores, 1 / (1 + np.exp(-scores)) - outcome


def _poisson_loss(scores: Floats, outcome: Floats) -> tuple[Floats, Floats]:
    expected = np.exp(np.minimum(scores, 30.0))
    return expected - outcome * scores, expected - outcome
