"""Spend distribution: quantiles of an amount that is often zero, from a calibrated P(order).

The amount is 0 with probability 1 - p. Otherwise it is its conditional mean times a ratio; the quantiles of the ratio
were measured in bands of p, on customers that the model had not seen. So the amount's quantile at ``level`` is 0 up to
1 - p, and above that it follows the ratio's quantile at ``(level - (1 - p)) / p`` (a two-part model; Duan et al. 1983).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from features.arrays import Floats, Integers
from training.inference.fast_numpy import clip


@dataclass(frozen=True)
class SpendDistribution:
    """Spend distribution: quantiles of (amount / conditional mean) given an order, for one horizon."""

    bands: tuple[float, ...]  # inner borders of the bands of P(order)
    levels: tuple[float, ...]  # (q,)
    ratios: tuple[tuple[float, ...], ...]  # (bands + 1, q), each ascending

    def quantile(self, level: float | Floats, probability: Floats, mean: Floats, base: Floats | None = None) -> Floats:
        """Return the quantile of the amount at ``level``, (n,) or (levels, n), in the unit of ``mean``.

        Args:
            level: 0 to 1; several levels as (levels, 1).
            probability: (n,) P(order within the horizon).
            mean: (n,) expected spend within the horizon.
            base: (n,) P(order) within the horizon at which the ratios were measured; by default ``probability``. A
                longer horizon raises P(order), but it does not make a rare buyer more predictable.
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
    ratio: Floats = low + share * (high - low)
    return ratio
