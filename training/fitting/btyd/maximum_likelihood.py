"""Where is a likelihood highest? A bounded search over log parameters, from the best of several starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from scipy.optimize import OptimizeResult, minimize

from features.arrays import Floats

TRIED_TO_THE_END = 2
BOUND = 5.0
FLAT = 1e-5
PENALTY = 1e-5  # of one customer, against thousands: it only tells apart what the data cannot


class NoMaximum(ArithmeticError):
    """The search ended nowhere; the text says how."""


def highest(log_likelihood: Callable[[Floats], float], customers: float, starts: Iterable[Floats]) -> Floats:
    """Logs of the most likely parameters, searched from the two best of ``starts`` (logs as well).

    Parameters stay between exp(-5) and exp(5), so they must come in units in which 1 is a middling value. Raises
    NoMaximum where no start has a finite likelihood or none leads to a point that is flat.
    """

    def depth(logs: Floats) -> float:
        return (PENALTY * float(logs @ logs) - log_likelihood(logs)) / customers

    points = [np.clip(start, -BOUND, BOUND) for start in starts]
    heights = np.array([depth(point) for point in points])
    if not np.isfinite(heights).any():
        raise NoMaximum(f"the likelihood is not a number at any of {len(points)} starts")
    best = [points[i] for i in np.argsort(heights)[:TRIED_TO_THE_END]]
    ends = [_descend(depth, point) for point in best]
    flat = [end for end in ends if np.isfinite(end.fun) and (end.success or _slope(end) < FLAT)]
    if not flat:
        raise NoMaximum("; ".join(f"{end.message} after {end.nit} steps, slope {_slope(end):.1e}" for end in ends))
    return np.asarray(min(flat, key=lambda end: float(end.fun)).x, dtype=float)


def _descend(depth: Callable[[Floats], float], start: Floats) -> OptimizeResult:
    bounds = [(-BOUND, BOUND)] * len(start)
    end: OptimizeResult = minimize(
        depth,
        start,
        method="L-BFGS-B",
        jac="2-point",
        bounds=bounds,
        options={"ftol": 1e-13, "gtol": 1e-8, "maxiter": 300},
    )
    return end


def _slope(end: OptimizeResult) -> float:
    """The steepest way down that the bounds leave open."""
    room = np.clip(end.x - end.jac, -BOUND, BOUND) - end.x
    return float(np.abs(room).max())
