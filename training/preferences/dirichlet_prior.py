"""How alike are customers in how they divide what they do? The prior of a Dirichlet-multinomial, by maximum likelihood.

The likelihood and its gradient are those of Minka (2000), "Estimating a Dirichlet distribution", on the
Dirichlet-multinomial (Polya) distribution. Customers with equal counts are equal in them, so that a million cost hardly
more than a thousand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import digamma, gammaln

from features.arrays import AnyIntegers, Floats, Integers
from training.preferences.counts import SparseCounts

DEFAULT_WEIGHT = 10.0  # the prior's weight where nobody did anything twice, which tells nothing of it
MIN_WEIGHT, MAX_WEIGHT = 1.0, 1e4  # of the weight, in times
_CELL_BASE = 1 << 32


def concentrations(counts: SparseCounts) -> Floats:
    """The prior's weight of each value, in times, (values,); all 0 where nobody did anything.

    Their sum is how many own counts weigh as much as the population, and lies within ``MIN_WEIGHT`` and ``MAX_WEIGHT``.
    """
    usual = np.bincount(counts.value, weights=counts.times, minlength=counts.values)
    used = np.flatnonzero(usual)
    if not len(used):
        return np.zeros(counts.values)
    seen = _SufficientStatistics.from_counts(counts, used)
    start = np.log(DEFAULT_WEIGHT * usual[used] / usual.sum())
    bounds = [(one - np.log(DEFAULT_WEIGHT * MAX_WEIGHT), one + np.log(MAX_WEIGHT)) for one in start]
    best = np.exp(minimize(seen.negative_log_likelihood, start, jac=True, method="L-BFGS-B", bounds=bounds).x)
    found = np.zeros(counts.values)
    found[used] = best * np.clip(best.sum(), MIN_WEIGHT, MAX_WEIGHT) / best.sum()
    return found


@dataclass(frozen=True)
class _SufficientStatistics:
    """All that the likelihood needs to know: which counts came how often, of a value and of all."""

    value: Integers  # (cells,)
    times: Floats  # (cells,)
    frequency: Floats  # (cells,) customers
    total: Floats  # (totals,)
    customers: Floats  # (totals,)

    @classmethod
    def from_counts(cls, counts: SparseCounts, used: Integers) -> _SufficientStatistics:
        cells, often = np.unique(_encode_cells(counts.value, counts.times), return_counts=True)
        totals = counts.totals()
        total, customers = np.unique(totals[totals > 0], return_counts=True)
        place = np.searchsorted(used, cells // _CELL_BASE)
        return cls(
            place, (cells % _CELL_BASE).astype(float), often.astype(float), total.astype(float), customers.astype(float)
        )

    def negative_log_likelihood(self, logarithm: Floats) -> tuple[float, Floats]:
        """The negative log likelihood per customer, but for a constant, and its gradient by the logarithm."""
        prior = np.exp(logarithm)
        own, whole = prior[self.value], prior.sum()
        likely = self.frequency @ (gammaln(self.times + own) - gammaln(own))
        likely -= self.customers @ (gammaln(self.total + whole) - gammaln(whole))
        rises = self.frequency * (digamma(self.times + own) - digamma(own))
        spread = self.customers @ (digamma(self.total + whole) - digamma(whole))
        gradient = prior * (np.bincount(self.value, weights=rises, minlength=len(prior)) - spread)
        everybody = self.customers.sum()
        return -float(likely) / everybody, -gradient / everybody


def _encode_cells(value: AnyIntegers, times: AnyIntegers) -> Integers:
    return value.astype(np.int64) * _CELL_BASE + times
