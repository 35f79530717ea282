"""Population stability index: how far the shares of bins moved between two populations (Siddiqi 2006, chapter 6).

Chance alone makes the index of small populations large: (bins - 1) (1/n + 1/m) on average (Yurdakul & Naranjo 2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats, Integers

BINS = 10
_PRIOR = 0.5  # customers per bin, which keeps empty bins from infinity


@dataclass(frozen=True)
class BinnedDistribution:
    """Binned distribution: how many of a population lie in each decile of it, and how many have no value."""

    edges: tuple[float, ...]  # inner edges of the bins, ascending; fewer than nine where values are tied
    counts: tuple[int, ...]  # by bin, those without a value last

    @classmethod
    def from_values(cls, values: Floats) -> BinnedDistribution:
        """The distribution of (n,) values over bins with as many of them each; NaN is a missing value."""
        observed = values[~np.isnan(values)]
        edges = np.unique(np.quantile(observed, np.linspace(0, 1, BINS + 1)[1:-1])) if len(observed) else np.zeros(0)
        return cls(tuple(edges.tolist()), tuple(_counts(values, edges).tolist()))

    @property
    def n(self) -> int:
        """The number of values, the missing ones among them."""
        return sum(self.counts)

    def stability_index(self, values: Floats) -> float:
        """The index between this population and another one, (m,) values."""
        before, after = _shares(np.array(self.counts)), _shares(_counts(values, np.array(self.edges)))
        return float(((after - before) * np.log(after / before)).sum())

    def expected_index(self, m: int) -> float:
        """The mean of the index where nothing moved and the other population has m values."""
        used_bins = sum(count > 0 for count in self.counts)
        return (used_bins - 1) * (1 / max(self.n, 1) + 1 / max(m, 1))


def population_stability_index(reference: Floats, current: Floats) -> float:
    """The index over bins with as many of the reference each, and one of missing values; (n,) and (m,)."""
    return BinnedDistribution.from_values(reference).stability_index(current)


def _counts(values: Floats, edges: Floats) -> Integers:
    missing = np.isnan(values)
    bins = np.where(missing, len(edges) + 1, np.searchsorted(edges, np.where(missing, 0.0, values), side="right"))
    return np.bincount(bins, minlength=len(edges) + 2)


def _shares(counts: Integers) -> Floats:
    return np.asarray((counts + _PRIOR) / (counts.sum() + _PRIOR * len(counts)))
