"""Which channels, which categories come first for a customer? Those with the highest posterior means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.arrays import AnyIntegers, Booleans, Floats, Integers, SmallIntegers
from training.preferences.beta_binomial import Rates
from training.preferences.beta_interval import Shares, shares
from training.preferences.counts import Counts

SLICE = 50_000  # customers


@dataclass(frozen=True)
class Candidates:
    """Values that may be among a customer's first, (m,) each, with the parameters of their Beta posteriors."""

    row: SmallIntegers
    value: AnyIntegers
    yes: Floats
    no: Floats
    own: Booleans  # whether the customer's own trials outweigh the population


@dataclass(frozen=True)
class Ranked:
    """Every customer's first values, the best one first."""

    offsets: SmallIntegers  # (customers + 1,) where each customer's begin
    value: AnyIntegers
    share: Shares
    own: Booleans  # (customers,) of the first one


def ranked(customers: int, most: int, candidates: Callable[[int, int], Candidates]) -> Ranked:
    """So many values for each customer, of equal ones that with the lower number.

    Args:
        customers: how many there are.
        most: values kept for each.
        candidates: those of the customers from one place to before another, rows counted from the first of them; at
            least one each.
    """
    parts = [
        _first(candidates(start, min(start + SLICE, customers)), most, start) for start in range(0, customers, SLICE)
    ]
    row, value, mean, low, high, own = (np.concatenate(column) for column in zip(*parts, strict=True))
    offsets = np.searchsorted(row, np.arange(customers + 1)).astype(np.int32)
    return Ranked(offsets, value, Shares(mean, low, high), own[offsets[:-1]])


def by_share(counts: Counts, prior: Floats) -> Callable[[int, int], Candidates]:
    """Every value, by the share that it has of all that a customer does; ``prior`` (values,) as learned."""

    def candidates(start: int, stop: int) -> Candidates:
        weights = counts.between(start, stop).dense() + prior
        whole = np.repeat(weights.sum(axis=1), counts.values)
        row, value = _every(stop - start, counts.values)
        yes = weights.ravel()
        return Candidates(row, value, yes, np.maximum(whole - yes, 0.0), whole > 2 * prior.sum())

    return candidates


def by_rate(yes: Counts, trials: Counts, prior: Rates) -> Callable[[int, int], Candidates]:
    """Every value, by the rate at which a customer says yes to it."""

    def candidates(start: int, stop: int) -> Candidates:
        row, value = _every(stop - start, yes.values)
        tried = trials.between(start, stop).dense().ravel()
        one, other = prior.posterior(value, yes.between(start, stop).dense().ravel(), tried)
        return Candidates(row, value, one, other, tried > prior.weight[value])

    return candidates


def by_frequency(yes: Counts, trials: Counts, prior: Rates, most: int) -> Callable[[int, int], Candidates]:
    """Values by the share of a customer's trials that have them; ``trials`` has one value, for all.

    A value that the customer had is worth more than it is to one who never did, so that only the customer's own and
    the population's first ``most`` can be among the first ``most``.
    """
    tried = trials.dense()[:, 0]

    def candidates(start: int, stop: int) -> Candidates:
        mine, of = yes.between(start, stop), tried[start:stop]
        row, value = _popular(of, prior, most)
        new = ~_among(_cell(row, value, yes.values), _cell(mine.row, mine.value, yes.values))
        row, value = np.concatenate([mine.row, row[new]]), np.concatenate([mine.value, value[new]])
        times = np.concatenate([mine.times, np.zeros(int(new.sum()))])
        one, other = prior.posterior(value, times, of[row])
        return Candidates(row, value, one, other, of[row] > prior.weight[value])

    return candidates


def _cell(row: SmallIntegers, value: AnyIntegers, values: int) -> Integers:
    return row.astype(np.int64) * values + value


def _among(cells: Integers, ascending: Integers) -> Booleans:
    place = np.minimum(np.searchsorted(ascending, cells), max(len(ascending) - 1, 0))
    return ascending[place] == cells if len(ascending) else np.zeros(len(cells), np.bool_)


def _popular(tried: Floats, prior: Rates, most: int) -> tuple[SmallIntegers, SmallIntegers]:
    """The first values of customers who had none of them in so many trials, (customers * most,)."""
    number, back = np.unique(tried, return_inverse=True)
    weight = prior.weight / (prior.weight + number[:, None])
    first = np.argsort(-prior.mean * weight, axis=1, kind="stable")[:, :most]
    return np.repeat(np.arange(len(tried), dtype=np.int32), first.shape[1]), first[back].ravel().astype(np.int32)


def _every(customers: int, values: int) -> tuple[SmallIntegers, SmallIntegers]:
    return (
        np.repeat(np.arange(customers, dtype=np.int32), values),
        np.tile(np.arange(values, dtype=np.int32), customers),
    )


def _first(found: Candidates, most: int, start: int) -> tuple[NDArray[np.generic], ...]:
    mean = found.yes / (found.yes + found.no)
    # Shares lie between 0 and 1: by customer, and within a customer by falling share, in one sort.
    order = np.argsort(found.row - mean, kind="stable")
    row = found.row[order]
    rank = np.arange(len(row)) - np.searchsorted(row, row)
    kept = order[rank < most]
    share = shares(found.yes[kept], found.no[kept])
    return found.row[kept] + np.int32(start), found.value[kept], share.mean, share.p10, share.p90, found.own[kept]
