"""Alpha spending: bounds for declared looks at any share of the data, with the O'Brien-Fleming-type function.

Lan and DeMets, "Discrete sequential boundaries for clinical trials", Biometrika 70 (1983): the error of the first kind
is spent as a function of the information, so that neither number nor time of the looks need be fixed. One side of a
symmetric two-sided test: the bound is computed by recursion over the density of the statistic between the bounds
(Armitage, McPherson and Rowe, 1969).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from features.arrays import Floats

LARGEST_BOUND = 8.0  # where nothing to speak of is spent: one side has 6e-16 beyond it
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(160)


def spent_alpha(share: Floats | float, alpha: float) -> Floats:
    """The part of ``alpha``, two-sided, that one side has spent at a share of the information (O'Brien-Fleming type).

    Args:
        share: (looks,) of the final information, in (0, 1]; more than 1 counts as 1.
        alpha: two-sided error of the first kind.
    """
    share = np.clip(np.asarray(share, np.float64), 1e-12, 1.0)
    return 2 * ndtr(ndtri(alpha / 4) / np.sqrt(share))


def look_bounds(information: Sequence[float] | Floats, spent: Sequence[float] | Floats) -> Floats:
    """The bounds (looks,) of the absolute z statistic at each look.

    Args:
        information: (looks,) ascending, in any unit, such as customers that matured.
        spent: (looks,) what one side has spent up to each look.

    Raises:
        ValueError: information that does not grow from look to look.
    """
    times = np.asarray(information, np.float64)
    if times.size and (times[0] <= 0 or np.any(np.diff(times) <= 0)):
        raise ValueError(
            f"found looks with the information {[float(time) for time in times]}; expected more at each look"
        )
    bounds = np.empty(times.size)
    grid, mass, before, before_spent = np.zeros(1), np.ones(1), 0.0, 0.0
    for look, (time, total) in enumerate(zip(times, spent, strict=True)):
        deviation = np.sqrt(time - before)
        bounds[look] = _solve(grid, mass, deviation, np.sqrt(time), max(total - before_spent, 0.0))
        limit = bounds[look] * np.sqrt(time)
        points = limit * _NODES
        steps = (points[:, None] - grid[None, :]) / deviation
        density = (np.exp(-(steps**2) / 2) / (np.sqrt(2 * np.pi) * deviation)) @ mass
        grid, mass, before, before_spent = points, density * limit * _WEIGHTS, time, total
    return bounds


def _solve(grid: Floats, mass: Floats, deviation: float, scale: float, alpha: float) -> float:
    """The bound beyond which one side has the probability ``alpha``, at a look of standard deviation ``scale``."""

    def excess(bound: float) -> float:
        return float(ndtr((grid - bound * scale) / deviation) @ mass) - alpha

    return LARGEST_BOUND if excess(LARGEST_BOUND) >= 0 else float(brentq(excess, 0.0, LARGEST_BOUND, xtol=1e-10))
