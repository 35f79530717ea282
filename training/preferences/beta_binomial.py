"""Beta-binomial prior: the population's rate and its weight per value, fitted to many values at once by moments.

Kleinman (1973), "Proportions with extraneous variance: single and independent samples", with the numbers of trials as
weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.arrays import Floats
from training.outliers import OutlierFence
from training.preferences.counts import SparseCounts

DEFAULT_WEIGHT = 10.0  # the prior's weight where the trials do not determine it
MIN_WEIGHT, MAX_WEIGHT = 1.0, 1e4  # bounds of the weight, in trials
CHUNK_SIZE = 50_000  # customers


@dataclass(frozen=True)
class BetaBinomialPrior:
    """The population's rate and its weight, (values,) each."""

    mean: Floats
    weight: Floats  # in trials: this many own trials count as much as the population

    def posterior(self, value: NDArray[np.integer], yes: Floats, trials: Floats) -> tuple[Floats, Floats]:
        """The two parameters of the Beta posterior, (m,) each, from ``yes`` successes in ``trials`` of a value."""
        mean, weight = self.mean[value], self.weight[value]
        return mean * weight + yes, (1 - mean) * weight + trials - yes


def fit_beta_binomial(yes: SparseCounts, trials: SparseCounts) -> BetaBinomialPrior:
    """Fit the prior to each customer's successes and trials per value.

    An id with implausibly many trials weighs as much as a plausible one, at its own rate.

    Args:
        yes: successes, at most as many as trials.
        trials: trials of the same customers; with a single value, they are the trials of every value of ``yes``.
    """
    sums, fence = np.zeros((5, yes.values)), OutlierFence.from_values(trials.times.astype(np.float64))
    for start in range(0, yes.customers, CHUNK_SIZE):
        stop = min(start + CHUNK_SIZE, yes.customers)
        sums += _moment_sums(yes.slice_customers(start, stop), trials.slice_customers(start, stop), fence)
    customers, trial_sum, squares, successes, squares_over_trials = sums
    mean = (successes + 0.5) / (trial_sum + 1.0)
    return BetaBinomialPrior(
        mean,
        _prior_weight(
            mean, squares_over_trials - trial_sum * mean**2, customers, trial_sum - squares / np.maximum(trial_sum, 1.0)
        ),
    )


def _moment_sums(yes: SparseCounts, trials: SparseCounts, fence: OutlierFence) -> Floats:
    """Sums, (5, values): customers with trials, trials, squared trials, successes, squared successes over trials."""
    shares_trials = trials.values == 1 and yes.values > 1
    cell_trials = trials.to_dense()[:, 0][yes.row] if shares_trials else _matching_trials(yes, trials)
    trial_times = fence.winsorize(trials.times.astype(np.float64))
    weight = fence.winsorize(cell_trials) / cell_trials
    success_times = weight * yes.times
    trial_sums = [
        _sum_by_value(trials, weights) for weights in (np.ones(len(trial_times)), trial_times, trial_times**2)
    ]
    return np.array(
        [
            *(np.broadcast_to(row, yes.values) for row in trial_sums),
            _sum_by_value(yes, success_times),
            _sum_by_value(yes, success_times * yes.times / cell_trials),
        ]
    )


def _sum_by_value(counts: SparseCounts, weights: Floats) -> Floats:
    return np.bincount(counts.value, weights=weights, minlength=counts.values).astype(np.float64, copy=False)


def _matching_trials(yes: SparseCounts, trials: SparseCounts) -> Floats:
    """The trials of each cell of ``yes``."""
    cell = trials.row.astype(np.int64) * trials.values + trials.value
    requested_cell = yes.row.astype(np.int64) * yes.values + yes.value
    return trials.times[np.searchsorted(cell, requested_cell)].astype(np.float64)


def _prior_weight(mean: Floats, spread: Floats, customers: Floats, number: Floats) -> Floats:
    """The weight of the prior in trials, from the correlation between two trials of one customer."""
    variance, alone = mean * (1 - mean), np.maximum(customers - 1, 0)
    denominator = variance * (number - alone)
    correlation = np.divide(
        spread - variance * alone, denominator, out=np.full(len(mean), np.nan), where=denominator > 1e-9
    )
    weight = 1 / np.clip(correlation, 1 / (MAX_WEIGHT + 1), 1 / (MIN_WEIGHT + 1)) - 1
    return np.where(np.isnan(correlation), DEFAULT_WEIGHT, weight)
