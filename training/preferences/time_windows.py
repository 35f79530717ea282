"""Preferred time windows: the hours or the weekday with the highest posterior share of a customer's visits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Codes, Floats
from training.preferences.beta_interval import BetaInterval, beta_interval
from training.preferences.counts import SparseCounts

CHUNK_SIZE = 50_000  # customers


@dataclass(frozen=True)
class PreferredWindow:
    """The preferred window of each customer, (customers,)."""

    first: Codes  # first value of the best window
    share: BetaInterval  # share of the customer's visits in that window
    has_own_evidence: Booleans  # whether the customer's own visits outweigh the population


def preferred_windows(counts: SparseCounts, prior: Floats, width: int = 1) -> PreferredWindow:
    """The window of ``width`` neighbouring values, round the clock, with the highest posterior mean share.

    The share of a window under a Dirichlet posterior has a Beta distribution (Gelman et al. 2013, appendix A). The
    first window wins a tie.

    Args:
        counts: visits per customer and value.
        prior: (values,) from ``concentrations``, not all 0.
        width: values in a window.
    """
    parts = [
        _chunk_windows(counts.slice_customers(start, min(start + CHUNK_SIZE, counts.customers)), prior, width)
        for start in range(0, counts.customers, CHUNK_SIZE)
    ]
    first, alpha, beta, has_own_evidence = (np.concatenate(column) for column in zip(*parts, strict=True))
    return PreferredWindow(first, beta_interval(alpha, beta), has_own_evidence)


def _chunk_windows(counts: SparseCounts, prior: Floats, width: int) -> tuple[Codes, Floats, Floats, Booleans]:
    weights = counts.to_dense() + prior
    windows = sum(np.roll(weights, -step, axis=1) for step in range(width))
    total, first = weights.sum(axis=1), np.asarray(windows).argmax(axis=1)
    best = np.asarray(windows)[np.arange(counts.customers), first]
    return first.astype(np.int8), best, np.maximum(total - best, 0.0), total > 2 * prior.sum()
