"""Ridge regression: it learns from finished windows alone, and finds those who come back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.accuracy.ridge_columns import ridge_columns
from benchmarks.accuracy.ridge_regression import cross_validate_ridge, forecast_by_ridge, training_cutoffs
from benchmarks.accuracy.visits import Visits
from training import metrics

AS_OF, DAYS = 300, 30


def visits_of(until: int) -> Visits:
    """Half of 200 customers order every two to four weeks, the other half once in the first quarter."""
    rng = np.random.default_rng(1)
    orders = []
    for number in range(200):
        day = rng.uniform(0, 90)
        while day < until:
            orders.append((f"c{number:03}", int(day), 20.0 + number % 7))
            day += rng.uniform(14, 28) if number % 2 else until
    return Visits.from_lines(pd.DataFrame(orders, columns=["customer_id", "day", "amount"]))


VISITS = visits_of(AS_OF + DAYS)


def test_every_training_window_is_over_on_the_day_of_the_forecast() -> None:
    cutoffs = training_cutoffs(VISITS, AS_OF, DAYS)
    assert len(cutoffs) == 10
    assert max(cutoffs) + DAYS == AS_OF
    assert min(cutoffs) - VISITS.day.min() >= 60


def test_a_short_log_has_one_cutoff() -> None:
    assert training_cutoffs(VISITS, int(VISITS.day.min()) + 40, 38) == [int(VISITS.day.min()) + 2]


def test_columns_do_not_change_with_what_comes_later() -> None:
    at_cutoff = ridge_columns(VISITS.before(AS_OF), AS_OF, DAYS, None).values
    assert np.array_equal(ridge_columns(VISITS, AS_OF, DAYS, None).values, at_cutoff)
    assert np.isfinite(at_cutoff).all()


def test_forecasts_do_not_change_with_what_comes_later() -> None:
    positions = VISITS.known_customers(AS_OF)
    forecast = forecast_by_ridge(VISITS, AS_OF, DAYS, positions, None, None)
    blind = forecast_by_ridge(VISITS.before(AS_OF), AS_OF, DAYS, positions, None, None)
    assert forecast.stays_away == pytest.approx(blind.stays_away)
    assert forecast.spend is None


def test_those_who_come_back_are_found_and_their_total_is_right() -> None:
    positions, outcomes = VISITS.known_customers(AS_OF), VISITS.outcomes(AS_OF, DAYS)
    forecast = forecast_by_ridge(VISITS, AS_OF, DAYS, positions, None, np.full(len(positions), 20.0))
    assert forecast.stays_away is not None
    assert forecast.orders is not None
    assert metrics.auc(1 - forecast.stays_away, outcomes.ordered[positions]) > 0.95
    assert forecast.orders.sum() == pytest.approx(outcomes.orders.sum(), rel=0.15)
    assert forecast.spend == pytest.approx(20 * forecast.orders)


def test_without_both_outcomes_there_is_no_regression() -> None:
    once = Visits.from_lines(pd.DataFrame({"customer_id": ["a", "b", "c"], "day": [0, 10, 40]}))
    assert forecast_by_ridge(once, 200, 30, np.arange(3), None, None).stays_away is None


def test_a_fold_is_predicted_by_the_other_folds() -> None:
    folds = np.arange(len(VISITS.customers)) % 4
    forecast = cross_validate_ridge(VISITS, AS_OF, DAYS, folds)
    assert forecast.stays_away is not None
    assert metrics.auc(1 - forecast.stays_away, VISITS.outcomes(AS_OF, DAYS).ordered) > 0.95
