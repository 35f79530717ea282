"""Where is the likelihood highest? A bounded search in log parameters, from several starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize

Floats = NDArray[np.float64]

STARTS = 2
PENALTY = 1 / (2 * 10.0**2)
FLAT = 1e-4


class NoMaximum(ArithmeticError):
    """No start led to a finite, flat point; the text says what was met instead."""


@dataclass(frozen=True, kw_only=True)
class Maximum:
    """The highest point found, as the logs of the parameters."""

    at: Floats
    bounded: tuple[int, ...]  # indices of parameters that ended on their bounds


def highest(height: Callable[[Floats], float], starts: Iterable[Floats], bounds: list[tuple[float, float]]) -> Maximum:
    """The maximum of a mean log-likelihood ... raises NoMaximum."""
