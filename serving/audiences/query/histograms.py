"""Histograms: customers counted by ranges of one column, of which none is so narrow that it tells of a few."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.arrays import Booleans, Floats, Integers
from serving.audiences.query.column_store import NumericColumn
from serving.audiences.query.value_ranges import known_values, nice_step, order_statistics, unit_of

_CENTRAL = (0.01, 0.99)  # quantiles between which the bins lie, so that one large value does not flatten all others
_MAX_SAMPLED = 20_000  # customers whose values give the edges, evenly spread over the table


@dataclass(frozen=True)
class BinCounts:
    """The edges of b bins, (b + 1,), and the customers in each, (b,); the outer bins hold all values beyond, too."""

    edges: Floats
    counts: Integers


def count_bins(
    column: NumericColumn, reachable: Booleans, selected: Booleans, bins: int, smallest: int
) -> BinCounts | None:
    """Count the selected customers by value; neighbouring bins of fewer than ``smallest`` customers are one bin.

    The edges depend on all reachable customers, so they stay where they are while other conditions change.

    Args:
        column: the column.
        reachable: the customers who may be approached, (n,).
        selected: those of them who are counted, (n,).
        bins: about how many bins; the edges are round numbers.
        smallest: customers of a bin at least; 0 keeps every bin.

    Returns:
        None where fewer than ``smallest`` customers have a value.
    """
    edges = bin_edges(column, reachable, bins, smallest)
    values = known_values(column, selected)
    if edges is None or len(values) < smallest:
        return None
    positions = np.searchsorted(edges[1:-1], values, side="right")
    return merge_small(BinCounts(edges, np.bincount(positions, minlength=len(edges) - 1)), smallest)


def bin_edges(column: NumericColumn, reachable: Booleans, bins: int, smallest: int) -> Floats | None:
    """Return round, evenly spaced edges around the central values of all reachable customers; None without values."""
    values = _sampled_values(column, reachable)
    if len(values) < max(2 * smallest, 1):
        return None
    outside = max(int(len(values) * _CENTRAL[0]), smallest - 1, 0)
    low, high = order_statistics(values, outside, len(values) - 1 - outside)
    step = nice_step((high - low) / bins, unit_of(column))
    first = math.floor(low / step)
    last = max(math.ceil(high / step), first + 1)
    return np.array(
        [float(f"{number * step:.15g}") for number in range(first, last + 1)]
    )  # 0.95, not 0.9500000000000001


def _sampled_values(column: NumericColumn, customers: Booleans) -> NDArray[np.generic]:
    every = slice(None, None, max(1, len(column.values) // _MAX_SAMPLED))
    nulls = None if column.nulls is None else column.nulls[every]
    return known_values(NumericColumn(column.type, column.values[every], nulls), customers[every])


def merge_small(binned: BinCounts, smallest: int) -> BinCounts:
    """Join each bin of fewer than ``smallest`` customers, one of none included, with those after it."""
    ends, counts, pending = list[int](), list[int](), 0
    for index, count in enumerate(binned.counts.tolist()):
        pending += count
        if pending >= smallest:
            ends.append(index + 1)
            counts.append(pending)
            pending = 0
    if ends and ends[-1] < len(binned.counts):
        ends[-1], counts[-1] = len(binned.counts), counts[-1] + pending
    return BinCounts(binned.edges[[0, *ends]], np.array(counts, np.int64))
