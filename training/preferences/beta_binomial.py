"""How alike are customers in how often they say yes? The priors of many Beta-binomials at once, by moments.

Kleinman (1973), "Proportions with extraneous variance: single and independent samples", with weights that are the
numbers of trials.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.arrays import Floats
from training.preferences.counts import SparseCounts

DEFAULT_WEIGHT = 10.0  # the prior's weight where the trials tell nothing of it
MIN_WEIGHT, MAX_WEIGHT = 1.0, 1e4  # of the weight, in trials
CHUNK_SIZE = 50_000  # customers


@dataclass(frozen=True)
class BetaBinomialPrior:
    """What is expected of anybody, (values,) each."""

    mean: Floats
    weight: Floats  # in trials: as many own ones count as much as the population

    def posterior(self, value: NDArray[np.integer], yes: Floats, trials: Floats) -> tuple[Floats, Floats]:
        """The two parameters of the Beta distribution after so many trials, all (m,)."""
        mean, weight = self.mean[value], self.weight[value]
        return mean * weight + yes, (1 - mean) * weight + trials - yes


def fit_beta_binomial(yes: SparseCounts, trials: SparseCounts) -> BetaBinomialPrior:
    """Learned of customers who said yes to a value so often, of the trials that each had with it.

    Args:
        yes: at most as many as trials.
        trials: of the same customers; with one value alone they are trials of every value of ``yes``.
    """
    sums = np.zeros((5, yes.values))
    for start in range(0, yes.customers, CHUNK_SIZE):
        sums += _moment_sums(
            *(one.slice_customers(start, min(start + CHUNK_SIZE, yes.customers)) for one in (yes, trials))
        )
    customers, number, squares, said, spread = sums
    mean = (said + 0.5) / (number + 1.0)
    return BetaBinomialPrior(
        mean, _prior_weight(mean, spread - number * mean**2, customers, number - squares / np.maximum(number, 1.0))
    )


def _moment_sums(yes: SparseCounts, trials: SparseCounts) -> Floats:
    """For each value: customers who tried, their trials, these squared, times of yes, these squared over trials."""
    shared = trials.values == 1 and yes.values > 1
    of = trials.to_dense()[:, 0][yes.row] if shared else _matching_trials(yes, trials)
    tried, said = trials.times.astype(np.float64), yes.times.astype(np.float64)
    found = [_sum_by_value(trials, weights) for weights in (np.ones(len(tried)), tried, tried**2)]
    return np.array(
        [
            *(np.broadcast_to(one, yes.values) for one in found),
            _sum_by_value(yes, said),
            _sum_by_value(yes, said**2 / of),
        ]
    )


def _sum_by_value(counts: SparseCounts, weights: Floats) -> Floats:
    return np.bincount(counts.value, weights=weights, minlength=counts.values).astype(np.float64, copy=False)


def _matching_trials(yes: SparseCounts, trials: SparseCounts) -> Floats:
    """The trials behind each cell of yes."""
    cell = trials.row.astype(np.int64) * trials.values + trials.value
    wanted = yes.row.astype(np.int64) * yes.values + yes.value
    return trials.times[np.searchsorted(cell, wanted)].astype(np.float64)


def _prior_weight(mean: Floats, spread: Floats, customers: Floats, number: Floats) -> Floats:
    """Trials that weigh as much as the prior, from the correlation between two trials of one customer."""
    variance, alone = mean * (1 - mean), np.maximum(customers - 1, 0)
    more = variance * (number - alone)
    alike = np.divide(spread - variance * alone, more, out=np.full(len(mean), np.nan), where=more > 1e-9)
    weight = 1 / np.clip(alike, 1 / (MAX_WEIGHT + 1), 1 / (MIN_WEIGHT + 1)) - 1
    return np.where(np.isnan(alike), DEFAULT_WEIGHT, weight)
