"""Test data: outcomes, rows and forecasts of a few customers, written by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from training.dataset.outcomes import Outcomes, Rows
from training.inference.forecast import LAST_DAY, Forecast, SpendForecast

INPUTS = (
    *("orders", "recency_days", "mean_gap_days", "median_gap_days", "p90_gap_days"),
    *("order_days", "mean_order", "tenure_days"),
)


def outcomes_of(wait: ArrayLike, follow: ArrayLike, horizons: Sequence[int] = (30, 60)) -> Outcomes:
    """Return outcomes with at most one order of 10 each, after ``wait`` days; infinite means no order."""
    waits, follows = np.array(wait, dtype=float), np.array(follow, dtype=float)
    came = np.column_stack([np.where(follows >= days, waits < days, np.nan) for days in horizons])
    return Outcomes(
        wait_days=waits, follow_days=follows, horizons=tuple(horizons), orders=came.astype(float), spend=10.0 * came
    )


def rows_of(outcomes: Outcomes, **columns: Sequence[float]) -> Rows:
    """Return rows of one cutoff with the given inputs; every other input is 1."""
    n, names = len(outcomes.wait_days), dict.fromkeys(INPUTS) | dict.fromkeys(columns)
    inputs = np.column_stack([columns.get(name, np.ones(n)) for name in names])
    numbers = np.arange(n)
    return Rows(
        names=tuple(names),
        inputs=inputs.astype(float),
        cutoff=np.zeros(n, dtype=np.int64),
        customer=numbers,
        fold=(numbers % 2).astype(np.int8),
        outcomes=outcomes,
        orders_by_day=np.zeros((2, 0)),
    )


def steady_forecast(daily: ArrayLike, horizons: Sequence[int] = (30, 60)) -> Forecast:
    """Return a forecast of customers who order at a constant daily rate, 20 per order, with a p90 of 40."""
    rate, days = np.array(daily, dtype=float)[:, None], np.array([0.0, 7, 14, *horizons, 365, LAST_DAY])
    expected = rate * np.array(horizons, dtype=float)
    return Forecast(
        tier=np.zeros(len(rate), dtype=np.int8),
        days=days,
        order_by=-np.expm1(-rate * days),
        horizons=tuple(horizons),
        expected_orders=expected,
        spend=SpendForecast(mean=20 * expected, median=15 * expected, p10=0 * expected, p90=40 * expected),
    )
