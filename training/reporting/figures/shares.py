"""Statistics of the figures: bins of equal mass, intervals of a mean, and gain curves that treat ties equally."""

from __future__ import annotations

import numpy as np

from features.arrays import Floats, RowIndices
from training.estimate import NORMAL_975


def finite_rows(*columns: Floats) -> tuple[Floats, ...]:
    """The rows that have a number in every column."""
    arrays = [np.asarray(column, dtype=np.float64) for column in columns]
    finite = np.logical_and.reduce([np.isfinite(array) for array in arrays])
    return tuple(array[finite] for array in arrays)


def rank_unknown_last(score: Floats) -> Floats:
    """The score, with missing values ranked below all others."""
    known = np.isfinite(score)
    return np.where(known, score, score[known].min() - 1 if known.any() else 0.0)


def equal_mass_bins(values: Floats, count: int = 10) -> list[RowIndices]:
    """Rows in at most ``count`` bins of about equal mass, ascending; equal values are never separated."""
    order = np.argsort(values, kind="stable")
    ranked = values[order]
    cuts = np.round(np.linspace(0, len(values), count + 1)[1:-1]).astype(int)
    starts = np.searchsorted(ranked, ranked[cuts[cuts < len(values)]], side="left")
    return [part for part in np.split(order, np.unique(starts)) if len(part)]


def mean_interval(values: Floats) -> float:
    """Half-width of the 95 % interval of a mean, by the central limit theorem; 0 for a single value."""
    return float(NORMAL_975 * values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def gain_curve(score: Floats, outcome: Floats, shares: Floats) -> Floats:
    """Cumulative gains: share of the outcome in the top ``shares`` of customers by score; ties share equally."""
    order = np.argsort(-score, kind="stable")
    last_of_tie = np.append(np.diff(score[order]) != 0, True)
    customers = np.append(0, np.arange(1, len(score) + 1)[last_of_tie]) / len(score)
    cumulative = np.append(0, np.cumsum(outcome[order])[last_of_tie]) / outcome.sum()
    gains: Floats = np.interp(shares, customers, cumulative)
    return gains
