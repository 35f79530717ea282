"""Making three answers one: the tilt through the churn probability, and what must never fall."""

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
    """Bend the survival curves by a proportional hazard so that they pass through ``churn`` at the horizon.

    Args:
        order_by: (n, k) P(order within days[j]).
        days: (k,) grid that contains the horizon.
        horizon: days.
        churn: (n,) calibrated P(no order within the horizon).
    """
    at = int(np.searchsorted(days, horizon))
    survival = 1 - np.maximum.accumulate(order_by, axis=1)
    wanted = clip(churn, MIN_PROBABILITY, 1 - MIN_PROBABILITY)
    power = np.log(wanted) / np.log(clip(survival[:, at], MIN_PROBABILITY, 1 - MIN_PROBABILITY))
    tilted = 1 - clip(survival, 1e-12, 1.0) ** power[:, None]
    tilted[:, at] = 1 - wanted
    tilted[:, 0] = 0.0
    left = np.minimum(tilted[:, :at], tilted[:, [at]])
    right = np.maximum(tilted[:, at + 1 :], tilted[:, [at]])
    return np.maximum.accumulate(np.concatenate([left, tilted[:, [at]], right], axis=1), axis=1)


def enforce_monotone(expected_orders: Floats, within: Floats) -> Floats:
    """Expected orders, (n, horizons), never below P(order) and never falling with the horizon."""
    return np.maximum.accumulate(np.maximum(expected_orders, within), axis=1)


def spend_forecast(
    mean: Floats, within: Floats, distributions: Sequence[SpendDistribution], bases: Floats | None = None
) -> SpendForecast:
    """Mean, median and 80 % interval per horizon, (n, horizons); none falls with the horizon.

    Args:
        mean: (n, horizons) expected spend.
        within: (n, horizons) P(order within the horizon).
        distributions: one per horizon.
        bases: (n, horizons) P(order) within the horizon that each horizon's ratios were learned at, if another.
    """
    mean = np.maximum.accumulate(np.maximum(mean, 0.0), axis=1)
    bases = within if bases is None else bases

    quantiles = [
        one.quantile(_QUANTILE_LEVELS, within[:, j], mean[:, j], bases[:, j]) for j, one in enumerate(distributions)
    ]
    p10, median, p90 = np.maximum.accumulate(np.stack(quantiles, axis=2), axis=2)
    median = np.maximum(median, p10)
    return SpendForecast(mean=mean, median=median, p10=p10, p90=np.maximum(p90, median))
