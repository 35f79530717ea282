"""Coherence: makes the answers agree; order curves match the churn probability, and totals never decrease."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from features.arrays import Floats
from training.inference.calibration import MIN_PROBABILITY
from training.inference.fast_numpy import clip
from training.inference.forecast import SpendForecast
from training.inference.spend_distribution import SpendDistribution

_QUANTILE_LEVELS = np.array([[0.1], [0.5], [0.9]])


def tilt(order_by: Floats, days: Floats, horizon: float, churn: Floats) -> Floats:
    """Scale the cumulative hazard of P(order), (n, k), so that P(order) equals 1 - ``churn`` at the horizon.

    Args:
        order_by: (n, k) P(order within days[j]).
        days: (k,) grid that contains the horizon.
        horizon: days.
        churn: (n,) calibrated P(no order within the horizon).
    """
    position = int(np.searchsorted(days, horizon))
    survival = 1 - np.maximum.accumulate(order_by, axis=1)
    target = clip(churn, MIN_PROBABILITY, 1 - MIN_PROBABILITY)
    power = np.log(target) / np.log(clip(survival[:, position], MIN_PROBABILITY, 1 - MIN_PROBABILITY))
    tilted = 1 - clip(survival, 1e-12, 1.0) ** power[:, None]
    tilted[:, position] = 1 - target
    tilted[:, 0] = 0.0
    left = np.minimum(tilted[:, :position], tilted[:, [position]])
    right = np.maximum(tilted[:, position + 1 :], tilted[:, [position]])
    return np.maximum.accumulate(np.concatenate([left, tilted[:, [position]], right], axis=1), axis=1)


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
