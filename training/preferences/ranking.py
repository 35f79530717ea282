"""Preference ranking: the channels or categories with the highest posterior means, per customer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.arrays import AnyIntegers, Booleans, Floats, Integers, SmallIntegers
from training.preferences.beta_binomial import BetaBinomialPrior
from training.preferences.beta_interval import BetaInterval, beta_interval
from training.preferences.counts import SparseCounts
from training.preferences.touch_rates import TouchRates

CHUNK_SIZE = 50_000  # customers


@dataclass(frozen=True)
class RankingCandidates:
    """Candidates for the ranking: values of a customer, (m,) each, with the parameters of their Beta posteriors."""

    row: SmallIntegers
    value: AnyIntegers
    yes: Floats
    no: Floats
    has_own_evidence: Booleans  # whether the customer's own trials outweigh the population
    order: Floats | None = None  # what ranks, in (0, 1); None: the posterior mean


@dataclass(frozen=True)
class RankedPreferences:
    """The top values of every customer, the best first."""

    offsets: SmallIntegers  # (customers + 1,) start of each customer's values
    value: AnyIntegers
    share: BetaInterval
    has_own_evidence: Booleans  # (customers,) of the best value


def rank_preferences(
    customers: int, max_values: int, candidates: Callable[[int, int], RankingCandidates]
) -> RankedPreferences:
    """Rank each customer's values by posterior mean, or by ``order``; the lower value wins a tie.

    Args:
        customers: the number of customers.
        max_values: the number of values per customer.
        candidates: returns the candidates of the customers from ``start`` to before ``stop``, at least one each, with
            rows counted from ``start``.
    """
    parts = [
        _top_values(candidates(start, min(start + CHUNK_SIZE, customers)), max_values, start)
        for start in range(0, customers, CHUNK_SIZE)
    ]
    row, value, mean, low, high, has_own_evidence = (np.concatenate(column) for column in zip(*parts, strict=True))
    offsets = np.searchsorted(row, np.arange(customers + 1)).astype(np.int32)
    return RankedPreferences(offsets, value, BetaInterval(mean, low, high), has_own_evidence[offsets[:-1]])


def share_candidates(counts: SparseCounts, prior: Floats) -> Callable[[int, int], RankingCandidates]:
    """Candidates by share: each value, by its share in a customer's counts; ``prior`` is from ``concentrations``."""

    def candidates(start: int, stop: int) -> RankingCandidates:
        weights = counts.slice_customers(start, stop).to_dense() + prior
        whole = np.repeat(weights.sum(axis=1), counts.values)
        row, value = _all_pairs(stop - start, counts.values)
        yes = weights.ravel()
        return RankingCandidates(row, value, yes, np.maximum(whole - yes, 0.0), whole > 2 * prior.sum())

    return candidates


def rate_candidates(
    yes: SparseCounts, trials: SparseCounts, prior: BetaBinomialPrior
) -> Callable[[int, int], RankingCandidates]:
    """Candidates by rate: every value, by the rate of successes in the customer's trials of it."""

    def candidates(start: int, stop: int) -> RankingCandidates:
        row, value = _all_pairs(stop - start, yes.values)
        trial_times = trials.slice_customers(start, stop).to_dense().ravel()
        alpha, beta = prior.posterior(value, yes.slice_customers(start, stop).to_dense().ravel(), trial_times)
        return RankingCandidates(row, value, alpha, beta, trial_times > prior.weight[value])

    return candidates


def difference_candidates(
    yes: SparseCounts, trials: SparseCounts, prior: BetaBinomialPrior, rates: TouchRates
) -> Callable[[int, int], RankingCandidates]:
    """Candidates by difference: every value, by how far the rate with a touch exceeds the rate where it was withheld.

    The prior of the rate with a touch has the weighted rate of ``rates`` as its mean.
    """
    by_rate = rate_candidates(yes, trials, BetaBinomialPrior(rates.sent_rate, prior.weight))

    def candidates(start: int, stop: int) -> RankingCandidates:
        rated = by_rate(start, stop)
        difference = rated.yes / (rated.yes + rated.no) - rates.withheld_rate[rated.value]
        return replace(rated, order=(1 + difference) / 2)

    return candidates


def frequency_candidates(
    yes: SparseCounts, trials: SparseCounts, prior: BetaBinomialPrior, max_values: int
) -> Callable[[int, int], RankingCandidates]:
    """Candidates by frequency: values by their share in the customer's trials; ``trials`` has a single value.

    A value with own counts ranks above the same value without. So only the customer's own values and the population's
    first ``max_values`` can be among the top ``max_values``.
    """
    trial_times = trials.to_dense()[:, 0]

    def candidates(start: int, stop: int) -> RankingCandidates:
        own, own_trials = yes.slice_customers(start, stop), trial_times[start:stop]
        row, value = _population_candidates(own_trials, prior, max_values)
        is_new = ~_isin_sorted(_cell_index(row, value, yes.values), _cell_index(own.row, own.value, yes.values))
        row, value = np.concatenate([own.row, row[is_new]]), np.concatenate([own.value, value[is_new]])
        times = np.concatenate([own.times, np.zeros(int(is_new.sum()))])
        alpha, beta = prior.posterior(value, times, own_trials[row])
        return RankingCandidates(row, value, alpha, beta, own_trials[row] > prior.weight[value])

    return candidates


def _cell_index(row: SmallIntegers, value: AnyIntegers, values: int) -> Integers:
    return row.astype(np.int64) * values + value


def _isin_sorted(cells: Integers, ascending: Integers) -> Booleans:
    index = np.minimum(np.searchsorted(ascending, cells), max(len(ascending) - 1, 0))
    return ascending[index] == cells if len(ascending) else np.zeros(len(cells), np.bool_)


def _population_candidates(
    trials: Floats, prior: BetaBinomialPrior, max_values: int
) -> tuple[SmallIntegers, SmallIntegers]:
    """The top values of customers without own counts in their trials, (customers * max_values,)."""
    trial_numbers, inverse = np.unique(trials, return_inverse=True)
    weight = prior.weight / (prior.weight + trial_numbers[:, None])
    first = np.argsort(-prior.mean * weight, axis=1, kind="stable")[:, :max_values]
    return np.repeat(np.arange(len(trials), dtype=np.int32), first.shape[1]), first[inverse].ravel().astype(np.int32)


def _all_pairs(customers: int, values: int) -> tuple[SmallIntegers, SmallIntegers]:
    return (
        np.repeat(np.arange(customers, dtype=np.int32), values),
        np.tile(np.arange(values, dtype=np.int32), customers),
    )


def _top_values(candidates: RankingCandidates, max_values: int, start: int) -> tuple[NDArray[np.generic], ...]:
    mean = candidates.yes / (candidates.yes + candidates.no) if candidates.order is None else candidates.order
    # What ranks lies between 0 and 1, so one sort orders by customer and then by descending rank.
    order = np.argsort(candidates.row - mean, kind="stable")
    row = candidates.row[order]
    rank = np.arange(len(row)) - np.searchsorted(row, row)
    top = order[rank < max_values]
    interval = beta_interval(candidates.yes[top], candidates.no[top])
    return (
        candidates.row[top] + np.int32(start),
        candidates.value[top],
        interval.mean,
        interval.p10,
        interval.p90,
        candidates.has_own_evidence[top],
    )
