"""Order waits: who rather orders within the horizon than not is expected at the median given that."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.training.by_hand import steady_forecast
from training.inference.answers.order_waits import OrderWaits, expected_category_waits

RATES = st.lists(st.floats(1e-6, 5), min_size=1, max_size=5)


@given(RATES, st.integers(1, 365))
def test_the_expected_wait_rests_on_the_condition_where_it_rather_holds_than_not(rates: list[float], days: int) -> None:
    forecast = steady_forecast(rates)
    waits = OrderWaits.from_forecast(forecast, days)
    is_likely = waits.median <= days
    assert (waits.expected_wait == np.where(is_likely, waits.median_if_within, waits.median)).all()
    assert (forecast.order_probability(days)[is_likely] >= 0.5 - 1e-9).all()
    assert (forecast.order_probability(days)[~is_likely] < 0.5 + 1e-9).all()


@given(RATES, st.integers(1, 365))
def test_the_expected_wait_is_never_later_than_the_median_and_infinite_with_it(rates: list[float], days: int) -> None:
    waits = OrderWaits.from_forecast(steady_forecast(rates), days)
    assert (waits.expected_wait <= waits.median).all()
    assert np.isinf(waits.expected_wait).tolist() == np.isinf(waits.median).tolist()


def test_a_category_is_not_expected_before_any_order_of_the_customer() -> None:
    overall, lines = waits_of([40.0, 10.0], [8.0, 4.0]), waits_of([50.0, 50.0, 50.0], [6.0, 6.0, 9.0])
    assert expected_category_waits(lines, overall, np.array([0, 1, 1])).tolist() == [8.0, 6.0, 9.0]


def waits_of(medians: list[float], conditional: list[float]) -> OrderWaits:
    return OrderWaits(
        horizon_days=90, quantiles=np.array([medians] * 3, dtype=float).T, median_if_within=np.array(conditional)
    )
