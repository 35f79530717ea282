"""In which hours of the day, or on which day of the week, does a customer come most? Everybody's habit fills gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Codes, Floats
from training.preferences.beta_interval import BetaInterval, beta_interval
from training.preferences.counts import SparseCounts

CHUNK_SIZE = 50_000  # customers


@dataclass(frozen=True)
class PreferredWindow:
    """For each customer, (customers,)."""

    first: Codes  # value of the best window
    share: BetaInterval  # of all that the customer does, in that window
    has_own_evidence: Booleans  # whether the customer's own times outweigh the population


def preferred_windows(counts: SparseCounts, prior: Floats, width: int = 1) -> PreferredWindow:
    """The window of so many neighbouring values, round the clock, with the highest posterior mean share.

    Of a Dirichlet posterior the share of a window is a Beta (Gelman et al. 2013, appendix A). Among equal windows the
    first one is taken.

    Args:
        counts: of the customers.
        prior: (values,) as ``concentrations`` gives it, not all 0.
        width: values in a window.
    """
    parts = [
        _chunk_windows(counts.slice_customers(start, min(start + CHUNK_SIZE, counts.customers)), prior, width)
        for start in range(0, counts.customers, CHUNK_SIZE)
    ]
    first, one, other, own = (np.concatenate(column) for column in zip(*parts, strict=True))
    return PreferredWindow(first, beta_interval(one, other), own)


def _chunk_windows(counts: SparseCounts, prior: Floats, width: int) -> tuple[Codes, Floats, Floats, Booleans]:
    weights = counts.to_dense() + prior
    windows = sum(np.roll(weights, -step, axis=1) for step in range(width))
    whole, first = weights.sum(axis=1), np.asarray(windows).argmax(axis=1)
    best = np.asarray(windows)[np.arange(counts.customers), first]
    return first.astype(np.int8), best, np.maximum(whole - best, 0.0), whole > 2 * prior.sum()
