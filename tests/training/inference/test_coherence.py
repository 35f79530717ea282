"""Coherence: the answers never contradict each other, for any model output."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.arrays import Floats
from training.inference import coherence
from training.inference.forecast import LAST_DAY, Forecast
from training.inference.spend_distribution import SpendDistribution

DAYS = np.array([0.0, 1, 7, 14, 30, 60, 90, 180, 365, LAST_DAY])
HORIZONS = (30, 90, 365)
N = 4

STEPS = arrays(float, (N, len(DAYS) - 1), elements=st.one_of(st.just(0.0), st.floats(0, 3), st.floats(0, 1e-6)))
DISTINCT = arrays(float, (N, len(DAYS) - 1), elements=st.one_of(st.just(0.0), st.floats(0.01, 3)))
ANYTHING = arrays(float, (N, len(HORIZONS)), elements=st.floats(-50, 1e5))


def curves(steps: Floats) -> Floats:
    """Return P(order) by each day, from the hazard of each step."""
    return np.column_stack([np.zeros(N), -np.expm1(-np.cumsum(steps, axis=1))])


def forecast(order_by: Floats) -> Forecast:
    return Forecast(
        tier=np.zeros(len(order_by), np.int8),
        days=DAYS,
        order_by=order_by,
        horizons=HORIZONS,
        expected_orders=np.ones((len(order_by), 3)),
        spend=None,
    )


@st.composite
def ratios(draw: st.DrawFn) -> list[SpendDistribution]:
    bands = tuple(sorted(draw(st.sets(st.floats(0.01, 0.99), max_size=2))))
    rows = draw(arrays(float, (len(bands) + 1, 5), elements=st.floats(0, 9)))
    levels = (0.0, 0.1, 0.5, 0.9, 1.0)
    distribution = SpendDistribution(bands, levels, tuple(tuple(row) for row in np.sort(rows, axis=1).tolist()))
    return [distribution] * len(HORIZONS)


def horizon_probabilities(steps: Floats) -> Floats:
    return curves(steps)[:, np.searchsorted(DAYS, HORIZONS)]


@given(ANYTHING, STEPS)
def test_expected_orders_are_never_fewer_than_the_probability_and_never_fall(expected: Floats, steps: Floats) -> None:
    orders = coherence.enforce_monotone(expected, horizon_probabilities(steps))
    assert (orders >= horizon_probabilities(steps)).all()
    assert (np.diff(orders, axis=1) >= 0).all()


@given(ANYTHING, STEPS, ratios())
def test_no_amount_falls_with_the_horizon_or_below_0(
    mean: Floats, steps: Floats, tables: list[SpendDistribution]
) -> None:
    spend = coherence.spend_forecast(mean, horizon_probabilities(steps), tables)
    for amounts in (spend.mean, spend.median, spend.p10, spend.p90):
        assert (np.diff(amounts, axis=1) >= 0).all()
        assert (amounts >= 0).all()
        assert np.isfinite(amounts).all()


@given(ANYTHING, STEPS, ratios())
def test_the_median_lies_in_the_interval(mean: Floats, steps: Floats, tables: list[SpendDistribution]) -> None:
    spend = coherence.spend_forecast(mean, horizon_probabilities(steps), tables)
    assert (spend.p10 <= spend.median).all()
    assert (spend.median <= spend.p90).all()


@given(ANYTHING, STEPS, ratios())
def test_the_median_is_0_where_an_order_is_less_likely_than_not(
    mean: Floats, steps: Floats, tables: list[SpendDistribution]
) -> None:
    spend = coherence.spend_forecast(mean, horizon_probabilities(steps), tables)
    assert (spend.median[horizon_probabilities(steps) < 0.5] == 0).all()


@given(DISTINCT, st.floats(0, LAST_DAY))
def test_the_day_of_a_probability_is_the_day_within_which_it_is_reached(steps: Floats, day: float) -> None:
    answers = forecast(curves(steps))
    for customer, reached in enumerate(answers.order_probability(day)):
        if 0 < reached < 0.999:
            earliest = answers.wait_quantile(reached * (1 - 1e-12))[customer]
            assert earliest <= day + 1e-6
            assert answers.order_probability(earliest)[customer] == pytest.approx(reached, abs=1e-9)


@given(STEPS, st.floats(0.001, 0.999))
def test_the_probability_within_a_day_is_that_of_which_it_is_the_day(steps: Floats, probability: float) -> None:
    answers = forecast(curves(steps))
    for customer, day in enumerate(answers.wait_quantile(probability)):
        if np.isfinite(day):
            assert answers.order_probability(day)[customer] == pytest.approx(probability, abs=1e-9)
        else:
            assert answers.order_probability(LAST_DAY)[customer] < probability


@given(STEPS)
def test_later_days_and_higher_probabilities_never_come_earlier(steps: Floats) -> None:
    answers = forecast(curves(steps))
    assert (np.diff(answers.order_probabilities(np.linspace(0, LAST_DAY, 40).tolist()), axis=1) >= -1e-12).all()
    days = answers.wait_quantiles((0.1, 0.5, 0.9))
    assert (days[:, :-1] <= days[:, 1:]).all()


def test_between_grid_days_the_hazard_is_constant() -> None:
    answers = forecast(np.array([[0.0, 0.0, 0.0, 0.0, 0.0, 0.75, 0.75, 0.75, 0.75, 0.75]]))
    assert answers.order_probability(45)[0] == pytest.approx(0.5)
    assert answers.wait_quantile(0.5)[0] == pytest.approx(45)
    assert answers.wait_quantile(0.8)[0] == np.inf


@given(STEPS, st.floats(0.5, LAST_DAY))
def test_the_conditional_median_halves_the_probability_of_an_order_within_the_days(steps: Floats, days: float) -> None:
    answers = forecast(curves(steps))
    within, median = answers.order_probability(days), answers.conditional_median_wait(days)
    assert np.isnan(median).tolist() == (within == 0).tolist()
    for customer in np.flatnonzero(within > 0):
        reached = answers.order_probability(median[customer])[customer]
        assert reached == pytest.approx(within[customer] / 2, rel=1e-9, abs=1e-12)


@given(STEPS)
def test_the_conditional_median_lies_within_the_days_and_is_never_later_than_the_median(steps: Floats) -> None:
    answers = forecast(curves(steps))
    for days in (1, 29.5, 90, LAST_DAY):
        median = answers.conditional_median_wait(days)[answers.order_probability(days) > 0]
        assert ((median >= 0) & (median <= days)).all()
        assert (median <= answers.wait_quantile(0.5)[answers.order_probability(days) > 0]).all()


@given(STEPS)
def test_the_conditional_median_never_comes_earlier_for_a_longer_horizon(steps: Floats) -> None:
    answers = forecast(curves(steps))
    medians = np.column_stack([answers.conditional_median_wait(days) for days in np.linspace(1, LAST_DAY, 40)])
    assert (np.isnan(medians[:, :-1]) | (medians[:, :-1] <= medians[:, 1:])).all()


def test_the_conditional_median_of_a_constant_hazard_is_the_textbooks() -> None:
    answers = forecast(-np.expm1(-0.01 * DAYS)[None, :])
    assert answers.conditional_median_wait(90)[0] == pytest.approx(-np.log((1 + np.exp(-0.9)) / 2) / 0.01)


def test_a_customer_who_surely_orders_has_finite_days() -> None:
    answers = forecast(np.array([[0.0, 0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]]))
    assert np.isfinite(answers.wait_quantiles((0.1, 0.5, 0.9, 0.999))).all()
    assert answers.order_probability(60)[0] == pytest.approx(1.0)
