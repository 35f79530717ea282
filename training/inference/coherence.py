"""Coherence: makes the answers agree; expected orders are never below P(order), and totals never decrease."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from features.arrays import Floats
from training.inference.forecast import SpendForecast
from training.inference.spend_distribution import SpendDistribution

_QUANTILE_LEVELS = np.array([[0.1], [0.5], [0.9]])


def enforce_monotone(expected_orders: Floats, within: Floats) -> Floats:
    """Return expected orders, (n, horizons), never below P(order) and never decreasing with the horizon."""
    return np.maximum.accumulate(np.maximum(expected_orders, within), axis=1)


def spend_forecast(
    mean: Floats, within: Floats, distributions: Sequence[SpendDistribution], bases: Floats | None = None
) -> SpendForecast:
    """Return mean, median and 80 % interval per horizon, (n, horizons); none decreases with the horizon.

    Args:
        mean: (n, horizons) expected spend.
        within: (n, horizons) P(order within the horizon).
        distributions: one per horizon.
        bases: (n, horizons) P(order) within the horizon at which the ratios were learned; by default ``within``.
    """
    mean = np.maximum.accumulate(np.maximum(mean, 0.0), axis=1)
    bases = within if bases is None else bases

    quantiles = [
        distribution.quantile(_QUANTILE_LEVELS, within[:, j], mean[:, j], bases[:, j])
        for j, distribution in enumerate(distributions)
    ]
    p10, median, p90 = np.maximum.accumulate(np.stack(quantiles, axis=2), axis=2)
    median = np.maximum(median, p10)
    return SpendForecast(mean=mean, median=median, p10=p10, p90=np.maximum(p90, median))
