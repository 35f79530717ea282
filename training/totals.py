"""Predicted totals: mean and variance of the prediction per customer, with the actual outcome; pure NumPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.dataset.outcomes import Outcomes
from training.inference.forecast import Forecast


@dataclass(frozen=True)
class PredictedTotal:
    """One predicted total over n customers and one horizon, with the actual outcomes."""

    measure: str  # what is counted: buyers, orders, spend
    horizon_days: int
    mean: Floats  # (n,)
    variance: Floats  # (n,) by which outcomes spread around it, but for the dispersion
    actual: Floats  # (n,) NaN where the window is not over
    dispersion: float | None = None  # None: estimated from the outcomes


def total_buyers(outcomes: Outcomes, forecast: Forecast, days: int) -> PredictedTotal:
    """Number of buyers within ``days``: the outcomes are Bernoulli, so the dispersion is 1."""
    within = forecast.order_probability(days)
    return PredictedTotal("buyers", days, within, within * (1 - within), outcomes.ordered_within(days), dispersion=1.0)


def total_orders(outcomes: Outcomes, forecast: Forecast, days: int) -> PredictedTotal:
    """Number of orders within one of the forecast's horizons: Poisson variance, times an estimated dispersion."""
    expected = forecast.expected_orders[:, forecast.horizons.index(days)]
    return PredictedTotal("orders", days, expected, expected, outcomes.orders_within(days))


def total_spend(outcomes: Outcomes, forecast: Forecast, days: int) -> PredictedTotal:
    """Spend within one of the forecast's horizons.

    The variance is the squared mean over the expected orders, as if all orders had the same value.
    """
    column = forecast.horizons.index(days)
    mean = np.zeros(len(forecast)) if forecast.spend is None else forecast.spend.mean[:, column]
    variance = mean**2 / np.maximum(forecast.expected_orders[:, column], 1e-9)
    return PredictedTotal("spend", days, mean, variance, outcomes.spend_within(days))
