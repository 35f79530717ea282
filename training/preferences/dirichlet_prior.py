"""Dirichlet prior: the population's shares and their weight, fitted to customers' counts by maximum likelihood.

The likelihood and its gradient are those of the Dirichlet-multinomial (Polya) distribution in Minka (2000),
"Estimating a Dirichlet distribution". Customers with equal counts share one term, so that a million cost hardly more
than a thousand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import digamma, gammaln

from features.arrays import AnyIntegers, Floats, Integers
from training.preferences.counts import SparseCounts

DEFAULT_WEIGHT = 10.0  # the prior's weight where no customer has two counts, which leaves it undetermined
MIN_WEIGHT, MAX_WEIGHT = 1.0, 1e4  # bounds of the weight, in times
_CELL_BASE = 1 << 32


def concentrations(counts: SparseCounts) -> Floats:
    """Fit the Dirichlet concentration of each value, in counts, (values,); all 0 without counts.

    Their sum is the number of own counts that weighs as much as the population; it lies between ``MIN_WEIGHT`` and
    ``MAX_WEIGHT``.
    """
    totals = np.bincount(counts.value, weights=counts.times, minlength=counts.values)
    used = np.flatnonzero(totals)
    if not len(used):
        return np.zeros(counts.values)
    statistics = _SufficientStatistics.from_counts(counts, used)
    start = np.log(DEFAULT_WEIGHT * totals[used] / totals.sum())
    bounds = [(logarithm - np.log(DEFAULT_WEIGHT * MAX_WEIGHT), logarithm + np.log(MAX_WEIGHT)) for logarithm in start]
    best = np.exp(minimize(statistics.negative_log_likelihood, start, jac=True, method="L-BFGS-B", bounds=bounds).x)
    result = np.zeros(counts.values)
    result[used] = best * np.clip(best.sum(), MIN_WEIGHT, MAX_WEIGHT) / best.sum()
    return result


@dataclass(frozen=True)
class _SufficientStatistics:
    """Sufficient statistics of the likelihood: the frequency of each count per value, and of each customer total."""

    value: Integers  # (cells,)
    times: Floats  # (cells,)
    frequency: Floats  # (cells,) customers
    total: Floats  # (totals,)
    customers: Floats  # (totals,)

    @classmethod
    def from_counts(cls, counts: SparseCounts, used: Integers) -> _SufficientStatistics:
        cells, frequency = np.unique(_encode_cells(counts.value, counts.times), return_counts=True)
        totals = counts.totals()
        total, customers = np.unique(totals[totals > 0], return_counts=True)
        value = np.searchsorted(used, cells // _CELL_BASE)
        return cls(
            value,
            (cells % _CELL_BASE).astype(float),
            frequency.astype(float),
            total.astype(float),
            customers.astype(float),
        )

    def negative_log_likelihood(self, logarithm: Floats) -> tuple[float, Floats]:
        """The negative log likelihood per customer, without its constant, and its gradient by the logarithm."""
        prior = np.exp(logarithm)
        prior_of_cell, prior_sum = prior[self.value], prior.sum()
        log_likelihood = self.frequency @ (gammaln(self.times + prior_of_cell) - gammaln(prior_of_cell))
        log_likelihood -= self.customers @ (gammaln(self.total + prior_sum) - gammaln(prior_sum))
        cell_gradient = self.frequency * (digamma(self.times + prior_of_cell) - digamma(prior_of_cell))
        total_gradient = self.customers @ (digamma(self.total + prior_sum) - digamma(prior_sum))
        gradient = prior * (np.bincount(self.value, weights=cell_gradient, minlength=len(prior)) - total_gradient)
        customers = self.customers.sum()
        return -float(log_likelihood) / customers, -gradient / customers


def _encode_cells(value: AnyIntegers, times: AnyIntegers) -> Integers:
    return value.astype(np.int64) * _CELL_BASE + times
