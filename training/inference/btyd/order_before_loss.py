"""Order before loss: the probability that the next order comes before the loss, when both rates decrease with age."""

from __future__ import annotations

import math

import numpy as np

from features.arrays import Floats, Integers

ROUNDING_ERROR = 1e-13
MAX_PAIRS = 2000
BATCH_SIZE = 512
MAX_SCALAR_ROWS = 4  # rows that cost less one by one


def order_before_loss(n: Floats, alpha: float, s: float, beta: float, age: Floats) -> tuple[Floats, Floats]:
    """Return P(the order comes first) and P(the loss comes first) from ``age`` on; ``n`` and ``age`` broadcast.

    At age u orders come at rate n / (alpha + u) and loss at rate s / (beta + u), all four above 0; ``n`` and ``age``
    have the same number of rows. The first result is n / (n + s) 2F1(1, s; n + s + 1; 1 - (alpha + age) / (beta +
    age)). With the larger scale first, every term of Gauss's continued fraction for it (DLMF 15.7.1) is positive, so
    nothing cancels or overflows, and both results keep their precision even when they are tiny.
    """
    even = np.full_like(n, s)
    if alpha < beta:
        lost, ordered = _larger_scale_first(even, n, (beta - alpha) / (alpha + age))
        return ordered, lost
    return _larger_scale_first(n, even, (alpha - beta) / (beta + age))


def _larger_scale_first(n: Floats, s: Floats, stretch: Floats) -> tuple[Floats, Floats]:
    excess, both = _excess(n, s, stretch), n + s
    return n / both / (1 + excess), (s / both + excess) / (1 + excess)


def _excess(n: Floats, s: Floats, stretch: Floats) -> Floats:
    """Return 1 / 2F1(1, s; n + s + 1; -stretch) - 1, in batches of rows that need the same number of terms.

    The number of terms of a row does not depend on other rows, so a result is bit-identical in every batch.
    """
    excess: Floats = np.empty(np.broadcast_shapes(n.shape, stretch.shape))
    if n.size == len(n) <= MAX_SCALAR_ROWS:
        for row in range(len(n)):
            excess[row] = _excess_scalar(float(n.flat[row]), float(s.flat[row]), stretch[row])
        return excess
    pairs = _term_pairs(stretch.reshape(len(stretch), -1).max(axis=1)) if excess.size else np.array([], dtype=np.int64)
    for count in np.unique(pairs).tolist():
        alike = np.flatnonzero(pairs == count)
        for start in range(0, len(alike), BATCH_SIZE):
            rows = alike[start : start + BATCH_SIZE]
            excess[rows] = _continued_fraction(n[rows], s[rows], stretch[rows], count)
    return excess


def _continued_fraction(n: Floats, s: Floats, stretch: Floats, pairs: int) -> Floats:
    """Evaluate Gauss's fraction minus 1 from its last term; rows with equal order counts share coefficients."""
    _, first, like = np.unique(n + s, return_index=True, return_inverse=True)
    fraction: Floats = np.zeros(np.broadcast_shapes(n.shape, stretch.shape))
    weights = _coefficients(n.ravel()[first], s.ravel()[first], pairs)[:, like]
    for weight in weights:
        fraction += 1
        np.divide(stretch, fraction, out=fraction)
        fraction *= weight
    return fraction


def _excess_scalar(n: float, s: float, stretch: Floats) -> Floats:
    """Return the bit-identical result for one customer; Python floats cost a tenth of arrays with one element."""
    (pairs,) = _term_pairs(np.atleast_1d(stretch.max())).tolist()
    both, weights = n + s, []
    for m in range(pairs - 1, -1, -1):
        weights.append((m + 1) * (n + m + 1) / ((both + 2 * m + 1) * (both + 2 * m + 2)))
        weights.append((s + m) * (both + m) / ((both + 2 * m) * (both + 2 * m + 1)))
    fractions = []
    for scale in np.ravel(stretch).tolist():
        fraction = 0.0
        for weight in weights:
            fraction = weight * (scale / (fraction + 1))
        fractions.append(fraction)
    return np.reshape(fractions, np.shape(stretch))


def _coefficients(n: Floats, s: Floats, pairs: int) -> Floats:
    """Return the fraction's coefficients without their common factor, (2 pairs, rows), last one first."""
    m, both = np.arange(pairs)[:, None], n + s
    odd = (s + m) * (both + m) / ((both + 2 * m) * (both + 2 * m + 1))
    even = (m + 1) * (n + m + 1) / ((both + 2 * m + 1) * (both + 2 * m + 2))
    return np.stack([odd, even], axis=1).reshape(2 * pairs, -1)[::-1]


def _term_pairs(stretch: Floats) -> Integers:
    """Return the pairs of terms after which the rest is rounding error, (rows,), as powers of two.

    The error decreases like that of Gauss quadrature near a pole.
    """
    root = np.sqrt(1 + stretch)
    shrink = np.maximum((root - 1) / (root + 1), 1e-300)
    needed = np.clip(2 + np.ceil(math.log(ROUNDING_ERROR) / (2 * np.log(shrink))), 1, MAX_PAIRS)
    pairs: Integers = np.exp2(np.ceil(np.log2(needed))).astype(np.int64)
    return pairs
