"""Runs of rows that are ordered by customer and instant: where runs begin, distinct values, and keys for searching."""

from __future__ import annotations

import numpy as np

from features.arrays import Integers

_DAY_MS = 86_400_000
MAX_SPAN_DAYS = 2_000  # a period, the year before it, and windows


def run_starts(*keys: Integers) -> Integers:
    """The positions at which a run of rows with equal keys begins."""
    if not len(keys[0]):
        return np.zeros(0, np.int64)
    changes = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    return np.append(0, np.flatnonzero(changes) + 1).astype(np.int64)


def distinct(values: Integers) -> Integers:
    """The different values, ascending; by sorting, which takes a fifth of the time of hashing for integers."""
    ordered = np.sort(values)
    return ordered[run_starts(ordered)]


def search_keys(customer: Integers, at: Integers, origin: int) -> Integers:
    """One integer per row, (n,), in the order of customer and instant, to the millisecond.

    Args:
        customer: (n,) from 0.
        at: (n,) microseconds since 1970 UTC, at most ``MAX_SPAN_DAYS`` after the origin.
        origin: not after any instant.
    """
    keys: Integers = customer * (MAX_SPAN_DAYS * _DAY_MS) + (at - origin) // 1000
    return keys
