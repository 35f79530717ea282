"""Which comes first, the customer's next order or their loss, when both grow less likely with age?"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ROUNDING = 1e-14
MOST_PAIRS = 2000


def order_before_loss(
    n: Floats | float, alpha: float, s: Floats | float, beta: float, age: Floats
) -> tuple[Floats, Floats]:
    """P(the order comes first) and P(the loss comes first) from ``age`` on, shaped as ``n`` and ``age`` broadcast.

    At age u orders come at rate n / (alpha + u) and loss at rate s / (beta + u); n, alpha, s and beta are above 0.
    The first answer is n / (n + s) 2F1(1, s; n + s + 1; 1 - (alpha + age) / (beta + age)). With the longer of the two
    scales put first, every term of Gauss's continued fraction for it (DLMF 15.7.1) is positive: nothing cancels,
    nothing overflows, and both answers keep their digits however small they are.
    """
    if alpha < beta:
        lost, ordered = order_before_loss(s, beta, n, alpha, age)
        return ordered, lost
    excess = _excess(np.asarray(n, dtype=float), np.asarray(s, dtype=float), (alpha - beta) / (beta + age))
    both = n + s
    return n / both / (1 + excess), (s / both + excess) / (1 + excess)


def _excess(n: Floats, s: Floats, stretch: Floats) -> Floats:
    """How far 1 / 2F1(1, s; n + s + 1; -stretch) lies above 1: the fraction, from its last term up."""
    excess: Floats = np.zeros(np.broadcast_shapes(n.shape, s.shape, stretch.shape))
    for weight in _weights(n, s, _pairs(float(stretch.max(initial=0.0)))):
        excess += 1
        np.divide(stretch, excess, out=excess)
        excess *= weight
    return excess


def _weights(n: Floats, s: Floats, pairs: int) -> Floats:
    """The fraction's coefficients without their common factor, last one first."""
    both = n + s
    m = np.arange(pairs).reshape(-1, *[1] * both.ndim)
    odd = (s + m) * (both + m) / ((both + 2 * m) * (both + 2 * m + 1))
    even = (m + 1) * (n + m + 1) / ((both + 2 * m + 1) * (both + 2 * m + 2))
    weights: Floats = np.stack([odd, even], axis=1).reshape(-1, *both.shape)[::-1]
    return weights


def _pairs(stretch: float) -> int:
    """Pairs of terms after which the rest is rounding: how fast Gauss quadrature meets a pole at -1 / stretch."""
    root = math.sqrt(1 + stretch)
    shrink = (root - 1) / (root + 1)
    return min(MOST_PAIRS, 2 + math.ceil(math.log(ROUNDING) / (2 * math.log(shrink)))) if shrink > 0 else 1
