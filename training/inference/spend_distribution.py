"""What a customer spends if they order at all: quantiles of a zero-heavy amount from a calibrated P(order).

An amount is 0 with probability 1 - p; else it is its conditional mean times a ratio whose quantiles were measured, on
customers the model had not seen, in bands of p. The quantile at ``level`` of the whole is then 0 up to 1 - p, and the
ratio's quantile at ``(level - (1 - p)) / p`` beyond (a two-part model; Duan et al. 1983).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from features.arrays import Floats, Integers
from training.inference.fast_numpy import clip


@dataclass(frozen=True)
class SpendDistribution:
    """Quantiles of (amount / conditional mean) given an order, per band of P(order), for one horizon."""

    bands: tuple[float, ...]  # inner borders of the bands of P(order)
    levels: tuple[float, ...]  # (q,)
    ratios: tuple[tuple[float, ...], ...]  # (bands + 1, q), each ascending

    def quantile(self, level: float | Floats, probability: Floats, mean: Floats, base: Floats | None = None) -> Floats:
        """The amount that a share ``level`` of such customers stays below, (n,), or (levels, n).

        Args:
            level: 0 to 1; several as (levels, 1).
            probability: (n,) P(order within the horizon).
            mean: (n,) expected spend within it.
            base: (n,) P(order) within the horizon at which the ratios were measured, if another. In a year nearly
                everybody comes, but those who rarely do are no more predictable for it.
        """
        bands, levels, table = self._arrays
        p = np.maximum(probability, 1e-9)
        inner = (level - (1 - p)) / p
        band = bands.searchsorted(p if base is None else base)
        ratio = _interpolate(levels, table, band, clip(inner, 0.0, 1.0))
        return np.where(inner > 0, ratio * mean / p, 0.0)

    @cached_property
    def _arrays(self) -> tuple[Floats, Floats, Floats]:
        return np.asarray(self.bands), np.asarray(self.levels), np.asarray(self.ratios)


def _interpolate(levels: Floats, table: Floats, row: Integers, level: Floats) -> Floats:
    right = np.minimum(np.maximum(levels.searchsorted(level), 1), len(levels) - 1)
    share = clip((level - levels[right - 1]) / (levels[right] - levels[right - 1]), 0.0, 1.0)
    low, high = table[row, right - 1], table[row, right]
    found: Floats = low + share * (high - low)
    return found
