"""How alike are customers in how they divide what they do? The prior of a Dirichlet-multinomial, by maximum likelihood.

The fixed point of Minka (2000), "Estimating a Dirichlet distribution", on the Dirichlet-multinomial (Polya)
distribution. Customers with equal counts are equal in it, so that a million cost no more than a thousand.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

from training.habits.counts import Counts

Floats = NDArray[np.float64]

UNTOLD = 10.0  # the prior's weight where nobody did anything twice, which tells nothing of it
LEAST, MOST = 1.0, 1e4  # of the weight, in times
CLOSE = 1e-5
STEPS = 1_000


def concentrations(counts: Counts) -> Floats:
    """The prior's weight of each value, in times, (values,); all 0 where nobody did anything.

    Their sum is how many own counts weigh as much as the population, and lies within ``LEAST`` and ``MOST``.
    """
    usual = np.bincount(counts.value, weights=counts.times, minlength=counts.values)
    if not usual.any():
        return np.zeros(counts.values)
    cells, often = np.unique(_paired(counts.value, counts.times), return_counts=True)
    value, times = cells // _BASE, (cells % _BASE).astype(np.float64)
    total, customers = np.unique(counts.totals(), return_counts=True)
    found = UNTOLD * usual / usual.sum()
    for _ in range(STEPS):
        rises = often * (digamma(times + found[value]) - digamma(found[value]))
        spread = customers @ (digamma(total + found.sum()) - digamma(found.sum()))
        before, found = found, found * np.bincount(value, weights=rises, minlength=counts.values) / spread
        if np.abs(found - before).max() <= CLOSE * found.sum() or not LEAST < found.sum() < MOST:
            break
    return np.asarray(found * np.clip(found.sum(), LEAST, MOST) / found.sum())


_BASE = 1 << 32


def _paired(value: NDArray[np.int32], times: NDArray[np.int32]) -> NDArray[np.int64]:
    return value.astype(np.int64) * _BASE + times
