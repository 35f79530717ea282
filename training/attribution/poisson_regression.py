"""Poisson regression with a log link, fitted by Newton's method with step halving (NumPy alone)."""

from __future__ import annotations

import numpy as np

from features.arrays import Floats

RIDGE = 1e-2  # prior precision of a coefficient: a cell without a conversion keeps a finite one
MAX_STEPS, TOLERANCE = 50, 1e-9


def fit_poisson(design: Floats, counts: Floats, exposure: Floats) -> Floats:
    """Coefficients, (p,), of ``log(expected counts / exposure) = design @ coefficients``, the first column all ones.

    Maximum of the likelihood less ``RIDGE`` / 2 times the squared coefficients other than the first
    (McCullagh, Nelder: Generalized Linear Models, 1989, section 2.5).

    Args:
        design: (n, p), one row per cell.
        counts: (n,) events.
        exposure: (n,) person-days, above 0.
    """
    penalty = np.full(design.shape[1], RIDGE)
    penalty[0] = 0.0
    coefficients = np.zeros(design.shape[1])
    coefficients[0] = np.log(max(counts.sum(), 0.5) / exposure.sum())
    value = _objective(design, counts, exposure, coefficients, penalty)
    for _ in range(MAX_STEPS):
        expected = exposure * np.exp(design @ coefficients)
        gradient = design.T @ (counts - expected) - penalty * coefficients
        hessian = design.T @ (design * expected[:, None]) + np.diag(penalty)
        step = np.linalg.lstsq(hessian, gradient, rcond=None)[0]
        improved, coefficients, value = _line_search(design, counts, exposure, coefficients, step, penalty, value)
        if not improved:
            break
    return coefficients


def _line_search(  # noqa: PLR0913 -- the parts of one objective
    design: Floats, counts: Floats, exposure: Floats, start: Floats, step: Floats, penalty: Floats, value: float
) -> tuple[bool, Floats, float]:
    """Halve the step until the objective grows; whether it still grew, the coefficients and the objective."""
    for _ in range(30):
        candidate = start + step
        with np.errstate(over="ignore"):
            new = _objective(design, counts, exposure, candidate, penalty)
        if new >= value:
            return new - value > TOLERANCE * (1 + abs(value)), candidate, new
        step = step / 2
    return False, start, value


def _objective(design: Floats, counts: Floats, exposure: Floats, coefficients: Floats, penalty: Floats) -> float:
    linear = design @ coefficients
    return float(counts @ linear - exposure @ np.exp(linear) - penalty @ coefficients**2 / 2)
