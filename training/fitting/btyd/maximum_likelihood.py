"""Maximum likelihood: a bounded search over log parameters, from the best of several starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from scipy.optimize import OptimizeResult, minimize

from features.arrays import Floats

MAX_SEARCHES = 2
LOG_PARAMETER_BOUND = 5.0
MAX_FLAT_SLOPE = 1e-5
PENALTY = 1e-5  # in log likelihood, against thousands of customers: it decides only where the data do not


class FitFailed(ArithmeticError):
    """The search found no maximum; the message gives the reason."""


def maximize_likelihood(objective: Callable[[Floats], float], customers: float, starts: Iterable[Floats]) -> Floats:
    """The logs of the most likely parameters, searched from the two best of ``starts``, (parameters,) each, also logs.

    Parameters stay between exp(-5) and exp(5), so they need units in which 1 is a typical value.

    Raises:
        FitFailed: no start has a finite likelihood, or no search ends at a flat point.
    """

    def depth(logs: Floats) -> float:
        return (PENALTY * float(logs @ logs) - objective(logs)) / customers

    points = [np.clip(start, -LOG_PARAMETER_BOUND, LOG_PARAMETER_BOUND) for start in starts]
    heights = np.array([depth(point) for point in points])
    if not np.isfinite(heights).any():
        raise FitFailed(f"the likelihood is not a number at any of {len(points)} starts")
    best = [points[i] for i in np.argsort(heights)[:MAX_SEARCHES]]
    ends = [_minimize(depth, point) for point in best]
    flat = [end for end in ends if np.isfinite(end.fun) and (end.success or _slope(end) < MAX_FLAT_SLOPE)]
    if not flat:
        raise FitFailed("; ".join(f"{end.message} after {end.nit} steps, slope {_slope(end):.1e}" for end in ends))
    return np.asarray(min(flat, key=lambda end: float(end.fun)).x, dtype=float)


def _minimize(loss: Callable[[Floats], float], start: Floats) -> OptimizeResult:
    bounds = [(-LOG_PARAMETER_BOUND, LOG_PARAMETER_BOUND)] * len(start)
    end: OptimizeResult = minimize(
        loss,
        start,
        method="L-BFGS-B",
        jac="2-point",
        bounds=bounds,
        options={"ftol": 1e-13, "gtol": 1e-8, "maxiter": 300},
    )
    return end


def _slope(end: OptimizeResult) -> float:
    """Projected gradient: its largest component, without those that point out of the bounds."""
    step = np.clip(end.x - end.jac, -LOG_PARAMETER_BOUND, LOG_PARAMETER_BOUND) - end.x
    return float(np.abs(step).max())
