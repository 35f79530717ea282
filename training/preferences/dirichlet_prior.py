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
from training.preferences.counts import Counts

UNTOLD = 10.0  # the prior's weight where nobody did anything twice, which tells nothing of it
LEAST, MOST = 1.0, 1e4  # of the weight, in times
_BASE = 1 << 32


def concentrations(counts: Counts) -> Floats:
    """The prior's weight of each value, in times, (values,); all 0 where nobody did anything.

    Their sum is how many own counts weigh as much as the population, and lies within ``LEAST`` and ``MOST``.
    """
    usual = np.bincount(counts.value, weights=counts.times, minlength=counts.values)
    used = np.flatnonzero(usual)
    if not len(used):
        return np.zeros(counts.values)
    seen = _Seen.of(counts, used)
    start = np.log(UNTOLD * usual[used] / usual.sum())
    bounds = [(one - np.log(UNTOLD * MOST), one + np.log(MOST)) for one in start]
    best = np.exp(minimize(seen.unlikelihood, start, jac=True, method="L-BFGS-B", bounds=bounds).x)
    found = np.zeros(counts.values)
    found[used] = best * np.clip(best.sum(), LEAST, MOST) / best.sum()
    return found


@dataclass(frozen=True)
class _Seen:
    """All that the likelihood needs to know: which counts came how often, of a value and of all."""

    value: Integers  # (cells,)
    times: Floats  # (cells,)
    often: Floats  # (cells,) customers
    total: Floats  # (totals,)
    customers: Floats  # (totals,)

    @classmethod
    def of(cls, counts: Counts, used: Integers) -> _Seen:
        cells, often = np.unique(_paired(counts.value, counts.times), return_counts=True)
        totals = counts.totals()
        total, customers = np.unique(totals[totals > 0], return_counts=True)
        place = np.searchsorted(used, cells // _BASE)
        return cls(
            place, (cells % _BASE).astype(float), often.astype(float), total.astype(float), customers.astype(float)
        )

    def unlikelihood(self, logarithm: Floats) -> tuple[float, Floats]:
        """The negative log likelihood per customer, but for a constant, and its gradient by the logarithm."""
        prior = np.exp(logarithm)
        own, whole = prior[self.value], prior.sum()
        likely = self.often @ (gammaln(self.times + own) - gammaln(own))
        likely -= self.customers @ (gammaln(self.total + whole) - gammaln(whole))
        rises = self.often * (digamma(self.times + own) - digamma(own))
        spread = self.customers @ (digamma(self.total + whole) - digamma(whole))
        gradient = prior * (np.bincount(self.value, weights=rises, minlength=len(prior)) - spread)
        everybody = self.customers.sum()
        return -float(likely) / everybody, -gradient / everybody


def _paired(value: AnyIntegers, times: AnyIntegers) -> Integers:
    return value.astype(np.int64) * _BASE + times
