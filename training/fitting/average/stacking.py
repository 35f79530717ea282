"""Stacking: the weights of the members, learned on customers whom no member has seen and drawn towards equal ones.

The average needs no winner; decision 48 compares it with picking the best member.
Wolpert (1992), "Stacked generalization"; Breiman (1996), "Stacked regressions", for weights of 0 or more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from features.arrays import Floats
from training.member import Target

SHRINKAGE = 0.02  # of the mean loss, per squared distance from equal weights; drift does not shrink with more rows
ORIGIN_SHARE = 0.5  # of the loss at the test origins, relative to that of customers left out


def fit_weights(
    target: Target, scores: Floats, outcome: Floats, weight: Floats, origins: Sequence[tuple[Floats, Floats]] = ()
) -> tuple[Floats, float]:
    """Weights of the members, (members,), and intercept, that minimise the mean loss of the averaged scores.

    Args:
        target: log-odds are judged by log loss, logs of orders by Poisson deviance relative to the mean.
        scores: (n, members) of customers left out of their fits.
        outcome: (n,) 0 or 1, or counts.
        weight: (n,) of the rows.
        origins: scores (m, members) and outcomes (m,) at test origins; each has a level of its own, so that only the
            ranking there counts, and all together count as ``ORIGIN_SHARE`` of the customers left out.
    """
    members = scores.shape[1]
    equal = np.full(members, 1 / members)
    parts = [_Part(scores, outcome, weight / weight.sum())]
    parts += [
        _Part(origin_scores, came, np.full(len(came), ORIGIN_SHARE / len(origins) / max(len(came), 1)))
        for origin_scores, came in origins
    ]

    def objective(parameters: Floats) -> tuple[float, Floats]:
        weights = parameters[:members]
        total, slopes, levels = SHRINKAGE * float(((weights - equal) ** 2).sum()), 2 * SHRINKAGE * (weights - equal), []
        for part, intercept in zip(parts, parameters[members:], strict=True):
            value, slope, level = part.loss(target, weights, float(intercept))
            total, slopes = total + value, slopes + slope
            levels.append(level)
        return total, np.append(slopes, levels)

    start = np.append(equal, np.zeros(len(parts)))
    bounds = [(0.0, None)] * members + [(None, None)] * len(parts)
    found = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x[:members], dtype=float), float(found.x[members])


@dataclass(frozen=True)
class _Part:
    """Some rows with a level of their own: scores (n, members), outcomes and shares (n,)."""

    scores: Floats
    outcome: Floats
    share: Floats

    def loss(self, target: Target, weights: Floats, intercept: float) -> tuple[float, Floats, float]:
        """The loss, its slope in the weights, (members,), and in the intercept."""
        loss = _log_loss if target is Target.ORDER else _poisson_loss
        unit = 1.0 if target is Target.ORDER else max(float(self.share @ self.outcome), 1e-9)
        value, slope = loss(self.scores @ weights + intercept, self.outcome)
        slope = self.share * slope / unit
        return float(self.share @ value) / unit, self.scores.T @ slope, float(slope.sum())


def _log_loss(scores: Floats, outcome: Floats) -> tuple[Floats, Floats]:
    return np.logaddexp(0.0, scores) - outcome * scores, 1 / (1 + np.exp(-scores)) - outcome


def _poisson_loss(scores: Floats, outcome: Floats) -> tuple[Floats, Floats]:
    expected = np.exp(np.minimum(scores, 30.0))
    return expected - outcome * scores, expected - outcome
