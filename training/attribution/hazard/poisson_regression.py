"""Poisson regression with a log link, fitted by Newton's method with step halving (NumPy alone)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats

RIDGE = 1e-2  # prior precision of a coefficient: a cell without a conversion keeps a finite one
MAX_STEPS, MAX_HALVINGS, TOLERANCE = 50, 30, 1e-9


@dataclass(frozen=True)
class PoissonCells:
    """Cells of a Poisson regression: their design, (n, p), event counts, (n,), and exposures above 0, (n,)."""

    design: Floats
    counts: Floats
    exposure: Floats

    def expected_counts(self, coefficients: Floats) -> Floats:
        """The expected number of events of each cell, (n,)."""
        values: Floats = self.exposure * np.exp(self.design @ coefficients)
        return values

    def objective(self, coefficients: Floats, penalty: Floats) -> float:
        """The logarithm of the likelihood, less its constant and the penalty."""
        linear = self.design @ coefficients
        with np.errstate(over="ignore"):
            return float(self.counts @ linear - self.exposure @ np.exp(linear) - penalty @ coefficients**2 / 2)

    def newton_step(self, coefficients: Floats, penalty: Floats) -> Floats:
        """The step from the coefficients to the maximum of the quadratic approximation there, (p,)."""
        expected = self.expected_counts(coefficients)
        gradient = self.design.T @ (self.counts - expected) - penalty * coefficients
        information = self.design.T @ (self.design * expected[:, None]) + np.diag(penalty)
        step: Floats = np.linalg.lstsq(information, gradient, rcond=None)[0].astype(np.float64)
        return step


def fit_poisson(cells: PoissonCells) -> Floats:
    """Coefficients, (p,), of ``log(expected counts / exposure) = design @ coefficients``, the first column all ones.

    Maximum of the likelihood less ``RIDGE`` / 2 times the squared coefficients other than the first (iteratively
    reweighted least squares: McCullagh, Nelder, Generalized Linear Models, 1989, section 2.5).
    """
    size = cells.design.shape[1]
    penalty, coefficients = np.full(size, RIDGE), np.zeros(size)
    penalty[0] = 0.0
    coefficients[0] = np.log(max(cells.counts.sum(), 0.5) / cells.exposure.sum())
    value = cells.objective(coefficients, penalty)
    for _ in range(MAX_STEPS):
        step = cells.newton_step(coefficients, penalty)
        for _ in range(MAX_HALVINGS):
            new = cells.objective(coefficients + step, penalty)
            if new >= value:
                break
            step = step / 2
        else:
            return coefficients
        coefficients, gain, value = coefficients + step, new - value, new
        if gain <= TOLERANCE * (1 + abs(value)):
            break
    return coefficients
