"""Ridge regression: a logistic regression of P(order) and a Poisson regression of orders, fitted to a raw log.

An anchor that shares nothing with the product but the log: what somebody with a day and scikit-learn would build.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression, PoissonRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.accuracy.baselines import BaselineForecast
from benchmarks.accuracy.ridge_columns import Btyd, RidgeColumns, ridge_columns
from benchmarks.accuracy.visits import Visits
from features.arrays import Floats, Integers

RIDGE = "ridge regression"
PENALTY = 3.0  # times half the sum of squared coefficients, against the sum of losses
MAX_CUTOFFS = 10
MAX_CUSTOMERS = 4_000  # at each cutoff
TAIL = 0.0005  # columns are clipped to their quantiles in training


@dataclass(frozen=True)
class RidgeRegression:
    """The two fitted regressions."""

    low: Floats  # (columns,) lower ends of the columns in training
    high: Floats
    ordered: Pipeline
    orders: Pipeline

    @classmethod
    def fit(cls, columns: Floats, ordered: Floats, orders: Floats) -> RidgeRegression | None:
        """Fit both to rows, (n, columns), and their outcomes, (n,); None if all outcomes are alike."""
        if ordered.min() == ordered.max():
            return None
        low, high = np.quantile(columns, [TAIL, 1 - TAIL], axis=0)
        clipped = np.clip(columns, low, high)
        logistic = LogisticRegression(C=1 / PENALTY, max_iter=2_000)
        poisson = PoissonRegressor(alpha=PENALTY / len(columns), max_iter=2_000)
        return cls(
            low,
            high,
            make_pipeline(StandardScaler(), logistic).fit(clipped, ordered > 0),
            make_pipeline(StandardScaler(), poisson).fit(clipped, orders),
        )

    def predict(self, columns: Floats) -> tuple[Floats, Floats]:
        """Return P(order) and expected orders, (n,) each."""
        clipped = np.clip(columns, self.low, self.high)
        return self.ordered.predict_proba(clipped)[:, 1], self.orders.predict(clipped)


def forecast_by_ridge(
    visits: Visits, as_of: int, days: int, positions: Integers, btyd: Btyd | None, value: Floats | None
) -> BaselineForecast:
    """Fit to the visits before ``as_of``, and predict for the customers at these positions.

    Args:
        visits: of the whole log.
        as_of: the day to forecast from.
        days: the horizon.
        positions: (n,) customers with an order before ``as_of``.
        btyd: a model fitted at ``as_of``, whose four parameters give two of the columns; without it they are left out.
        value: (n,) the expected value of an order; None without amounts.
    """
    past = visits.before(as_of)
    regression = _fit(past, training_cutoffs(past, as_of, days), days, btyd)
    if regression is None:
        return BaselineForecast(RIDGE, None, None, None)
    now = ridge_columns(past, as_of, days, btyd)
    probability, orders = regression.predict(now.values[np.searchsorted(now.positions, positions)])
    return BaselineForecast(RIDGE, 1 - probability, orders, None if value is None else orders * value)


def cross_validate_ridge(visits: Visits, cutoff: int, days: int, fold_numbers: Integers) -> BaselineForecast:
    """Predict every fold of customers, (customers,), at one cutoff by regressions fitted to the other folds.

    All customers have an order before the cutoff, and their window is over.
    """
    columns, outcomes = ridge_columns(visits.before(cutoff), cutoff, days, None), visits.outcomes(cutoff, days)
    stays_away, orders = np.empty(len(fold_numbers)), np.empty(len(fold_numbers))
    for fold in np.unique(fold_numbers):
        test = fold_numbers == fold
        regression = RidgeRegression.fit(columns.values[~test], outcomes.ordered[~test], outcomes.orders[~test])
        if regression is None:
            return BaselineForecast(RIDGE, None, None, None)
        probability, orders[test] = regression.predict(columns.values[test])
        stays_away[test] = 1 - probability
    return BaselineForecast(RIDGE, stays_away, orders, None)


def training_cutoffs(visits: Visits, as_of: int, days: int) -> list[int]:
    """Return up to ten cutoffs whose windows end by ``as_of``, newest first, after a warm-up; at least one."""
    first = int(visits.day.min())
    warm_up = max(7, min(91, (as_of - first) // 5))
    cutoffs = [as_of - days - round(step * max(7, days / 3)) for step in range(MAX_CUTOFFS)]
    return [cutoff for cutoff in cutoffs if cutoff - first >= warm_up] or cutoffs[:1]


def _fit(visits: Visits, cutoffs: Sequence[int], days: int, btyd: Btyd | None) -> RidgeRegression | None:
    rng = np.random.default_rng(0)
    rows, ordered, orders = [], [], []
    for cutoff in cutoffs:
        columns = _sample(rng, ridge_columns(visits, cutoff, days, btyd))
        outcomes = visits.outcomes(cutoff, days)
        rows.append(columns.values)
        ordered.append(outcomes.ordered[columns.positions])
        orders.append(outcomes.orders[columns.positions])
    return RidgeRegression.fit(np.concatenate(rows), np.concatenate(ordered), np.concatenate(orders))


def _sample(rng: np.random.Generator, columns: RidgeColumns) -> RidgeColumns:
    count = len(columns.positions)
    if count <= MAX_CUSTOMERS:
        return columns
    drawn = rng.choice(count, MAX_CUSTOMERS, replace=False)
    return RidgeColumns(columns.cutoff, columns.positions[drawn], columns.values[drawn])
