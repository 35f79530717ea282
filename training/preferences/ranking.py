"""Which channels, which categories come first for a customer? Those with the highest posterior means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.arrays import AnyIntegers, Booleans, Floats, Integers, SmallIntegers
from training.preferences.beta_binomial import BetaBinomialPrior
from training.preferences.beta_interval import BetaInterval, beta_interval
from training.preferences.counts import SparseCounts

CHUNK_SIZE = 50_000  # customers


@dataclass(frozen=True)
class RankingCandidates:
    """Values that may be among a customer's first, (m,) each, with the parameters of their Beta posteriors."""

    row: SmallIntegers
    value: AnyIntegers
    yes: Floats
    no: Floats
    has_own_evidence: Booleans  # whether the customer's own trials outweigh the population


@dataclass(frozen=True)
class RankedPreferences:
    """Every customer's first values, the best one first."""

    offsets: SmallIntegers  # (customers + 1,) where each customer's begin
    value: AnyIntegers
    share: BetaInterval
    has_own_evidence: Booleans  # (customers,) of the first one


def rank_preferences(
    customers: int, max_values: int, candidates: Callable[[int, int], RankingCandidates]
) -> RankedPreferences:
    """So many values for each customer, of equal ones that with the lower number.

    Args:
        customers: how many there are.
        max_values: values kept for each.
        candidates: those of the customers from one place to before another, rows counted from the first of them; at
            least one each.
    """
    parts = [
        _top_values(candidates(start, min(start + CHUNK_SIZE, customers)), max_values, start)
        for start in range(0, customers, CHUNK_SIZE)
    ]
    row, value, mean, low, high, own = (np.concatenate(column) for column in zip(*parts, strict=True))
    offsets = np.searchsorted(row, np.arange(customers + 1)).astype(np.int32)
    return RankedPreferences(offsets, value, BetaInterval(mean, low, high), own[offsets[:-1]])


def share_candidates(counts: SparseCounts, prior: Floats) -> Callable[[int, int], RankingCandidates]:
    """Every value, by the share that it has of all that a customer does; ``prior`` (values,) as learned."""

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
    """Every value, by the rate at which a customer says yes to it."""

    def candidates(start: int, stop: int) -> RankingCandidates:
        row, value = _all_pairs(stop - start, yes.values)
        tried = trials.slice_customers(start, stop).to_dense().ravel()
        one, other = prior.posterior(value, yes.slice_customers(start, stop).to_dense().ravel(), tried)
        return RankingCandidates(row, value, one, other, tried > prior.weight[value])

    return candidates


def frequency_candidates(
    yes: SparseCounts, trials: SparseCounts, prior: BetaBinomialPrior, max_values: int
) -> Callable[[int, int], RankingCandidates]:
    """Values by the share of a customer's trials that have them; ``trials`` has one value, for all.

    A value that the customer had is worth more than it is to one who never did, so that only the customer's own and
    the population's first ``max_values`` can be among the first ``max_values``.
    """
    tried = trials.to_dense()[:, 0]

    def candidates(start: int, stop: int) -> RankingCandidates:
        mine, of = yes.slice_customers(start, stop), tried[start:stop]
        row, value = _population_candidates(of, prior, max_values)
        new = ~_isin_sorted(_cell_index(row, value, yes.values), _cell_index(mine.row, mine.value, yes.values))
        row, value = np.concatenate([mine.row, row[new]]), np.concatenate([mine.value, value[new]])
        times = np.concatenate([mine.times, np.zeros(int(new.sum()))])
        one, other = prior.posterior(value, times, of[row])
        return RankingCandidates(row, value, one, other, of[row] > prior.weight[value])

    return candidates


def _cell_index(row: SmallIntegers, value: AnyIntegers, values: int) -> Integers:
    return row.astype(np.int64) * values + value


def _isin_sorted(cells: Integers, ascending: Integers) -> Booleans:
    place = np.minimum(np.searchsorted(ascending, cells), max(len(ascending) - 1, 0))
    return ascending[place] == cells if len(ascending) else np.zeros(len(cells), np.bool_)


def _population_candidates(
    trials: Floats, prior: BetaBinomialPrior, max_values: int
) -> tuple[SmallIntegers, SmallIntegers]:
    """The first values of customers who had none of them in so many trials, (customers * most,)."""
    number, back = np.unique(trials, return_inverse=True)
    weight = prior.weight / (prior.weight + number[:, None])
    first = np.argsort(-prior.mean * weight, axis=1, kind="stable")[:, :max_values]
    return np.repeat(np.arange(len(trials), dtype=np.int32), first.shape[1]), first[back].ravel().astype(np.int32)


def _all_pairs(customers: int, values: int) -> tuple[SmallIntegers, SmallIntegers]:
    return (
        np.repeat(np.arange(customers, dtype=np.int32), values),
        np.tile(np.arange(values, dtype=np.int32), customers),
    )


def _top_values(candidates: RankingCandidates, max_values: int, start: int) -> tuple[NDArray[np.generic], ...]:
    mean = candidates.yes / (candidates.yes + candidates.no)
    # Shares lie between 0 and 1: by customer, and within a customer by falling share, in one sort.
    order = np.argsort(candidates.row - mean, kind="stable")
    row = candidates.row[order]
    rank = np.arange(len(row)) - np.searchsorted(row, row)
    kept = order[rank < max_values]
    share = beta_interval(candidates.yes[kept], candidates.no[kept])
    return (
        candidates.row[kept] + np.int32(start),
        candidates.value[kept],
        share.mean,
        share.p10,
        share.p90,
        candidates.has_own_evidence[kept],
    )
