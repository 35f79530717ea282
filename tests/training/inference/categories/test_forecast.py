"""Category forecast: the next order in a category never comes before the next order, and it changes every day."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.training.assortments import BANDS, hazard_tables, lines_of
from tests.training.by_hand import steady_forecast
from training.fitting.category_hazards import PERIOD_EDGES
from training.inference.categories.forecast import CategoryForecast, forecast_categories
from training.inference.categories.hazard_tables import CategoryTables, evidence_cell_count
from training.inference.categories.lines import CategoryLines
from training.inference.forecast import LAST_DAY, Forecast

DAYS = (0.0, 0.5, 1, 7, 14, 30, 60, 90, 365, 730, 5000)
SHARES = (0.0, 0.1, 0.25, 0.5, 0.9, 0.999)
GRID = np.array([0.0, 1, 7, 30, 90, 365, LAST_DAY])
CUSTOMERS = 4


@st.composite
def any_forecast(draw: st.DrawFn) -> Forecast:
    """Draw a forecast of the next order, with customers who surely order and customers who never do."""
    steps = draw(arrays(float, (CUSTOMERS, len(GRID)), elements=st.floats(0, 8)))
    steps[:, 0] = 0
    order_by = -np.expm1(-np.cumsum(steps, axis=1) / draw(st.sampled_from([1.0, 100.0])))
    return replace(steady_forecast(np.full(CUSTOMERS, 0.1)), days=GRID, order_by=order_by)


@st.composite
def any_lines(draw: st.DrawFn) -> CategoryLines:
    """Draw customers with up to eight categories each; some categories are unknown."""
    row = np.sort(draw(arrays(np.int64, st.integers(0, 8 * CUSTOMERS), elements=st.integers(0, CUSTOMERS - 1))))
    m = len(row)
    days = draw(arrays(np.int64, m, elements=st.integers(1, 40))).astype(float)
    last = draw(arrays(np.int64, m, elements=st.integers(0, 999))).astype(float)
    span = np.where(days > 1, days - 1 + draw(arrays(np.int64, m, elements=st.integers(0, 900))), 0)
    return CategoryLines(
        row=row,
        code=draw(arrays(np.int64, m, elements=st.sampled_from([1, 7, 9]))).astype(float),
        days=days,
        first_day=last - span,
        last_day=last,
        order_days=days + draw(arrays(np.int64, m, elements=st.integers(0, 5))),
        mean_gap_days=draw(arrays(float, m, elements=st.sampled_from([np.nan, 1.0, 30.0, 400.0]))),
    )


@st.composite
def any_hazard_tables(draw: st.DrawFn) -> CategoryTables:
    rates = draw(arrays(float, (evidence_cell_count(BANDS), len(PERIOD_EDGES)), elements=st.floats(1e-4, 20)))
    return replace(hazard_tables(), hazards=tuple(tuple(row) for row in rates.tolist()))


@pytest.mark.slow
@settings(max_examples=200)
@given(any_hazard_tables(), any_lines(), any_forecast(), st.floats(1000, 1400))
def test_in_any_population_a_category_comes_no_sooner_than_the_order_itself(
    tables: CategoryTables, lines: CategoryLines, any_order: Forecast, today: float
) -> None:
    forecast = forecast_categories(tables, lines, any_order, today)
    within, days = forecast.order_probabilities(DAYS), forecast.wait_quantiles(SHARES)
    assert ((within >= 0) & (within <= any_order.order_probabilities(DAYS)[forecast.lines.row])).all()
    assert (np.diff(within, axis=1) >= 0).all()
    assert (days >= np.where(np.isinf(days), days, any_order.wait_quantiles(SHARES)[forecast.lines.row])).all()
    assert (days >= 0).all()
    assert (days[:, 1:] >= days[:, :-1]).all()
    assert (days[np.isfinite(days)] <= LAST_DAY).all()


@given(any_hazard_tables(), any_lines(), any_forecast(), st.floats(1000, 1400))
def test_the_median_day_is_the_day_by_which_half_have_come(
    tables: CategoryTables, lines: CategoryLines, any_order: Forecast, today: float
) -> None:
    forecast = forecast_categories(tables, lines, any_order, today)
    for line, day in enumerate(forecast.wait_quantiles((0.5,))[:, 0].tolist()):
        if np.isfinite(day) and day > 0:
            assert forecast.order_probabilities((day * (1 + 1e-6),))[line, 0] >= 0.5 - 1e-6


@given(any_hazard_tables(), any_lines(), any_forecast(), st.floats(1000, 1400))
def test_the_conditional_median_halves_the_probability_of_an_order_within_the_horizon(
    tables: CategoryTables, lines: CategoryLines, any_order: Forecast, today: float
) -> None:
    forecast = forecast_categories(tables, lines, any_order, today)
    within, median = forecast.order_probabilities((90.0,))[:, 0], forecast.conditional_median_wait(90.0)
    assert np.isnan(median).tolist() == (within == 0).tolist()
    for line in np.flatnonzero(within > 0):
        # The curve may be steep: the half lies between the probabilities just before the day and just after it.
        before, after = forecast.order_probabilities((median[line] * (1 - 1e-6), median[line] * (1 + 1e-6) + 1e-9))[
            line
        ]
        assert before - 1e-9 <= within[line] / 2 <= after + 1e-9


@given(any_hazard_tables(), any_lines(), any_forecast(), st.floats(1000, 1400))
def test_the_conditional_median_lies_within_the_horizon_no_later_than_the_median_and_rises_with_the_horizon(
    tables: CategoryTables, lines: CategoryLines, any_order: Forecast, today: float
) -> None:
    forecast = forecast_categories(tables, lines, any_order, today)
    earlier = np.zeros(len(forecast))
    for days in (7, 30, 90, 365):
        median = forecast.conditional_median_wait(days)
        is_possible = ~np.isnan(median)
        assert ((median >= earlier) & (median <= days))[is_possible].all()
        assert (median <= forecast.wait_quantiles((0.5,))[:, 0])[is_possible].all()
        earlier = np.where(is_possible, median, earlier)


def certain_forecast(rows: int = 1) -> Forecast:
    """Return a forecast of customers who order every day."""
    return steady_forecast(np.full(rows, 50.0))


def category_forecast(
    lines: CategoryLines, today: float, category_tables: CategoryTables | None = None
) -> CategoryForecast:
    return forecast_categories(category_tables or hazard_tables(), lines, certain_forecast(len(lines)), today)


def test_an_order_of_a_constant_hazard_comes_when_the_expected_gap_says() -> None:
    forecast = category_forecast(lines_of((1, 90, 90, 1)), 100.0)
    assert forecast.order_probabilities((30.0,))[0, 0] == pytest.approx(1 - np.exp(-1))
    assert forecast.wait_quantiles((0.5,))[0, 0] == pytest.approx(30 * np.log(2))
    assert forecast.state.silence[0] == pytest.approx(1 / 3)


def test_every_silent_day_moves_the_answer() -> None:
    rising = replace(
        hazard_tables(), hazards=(tuple(0.1 + 0.2 * np.arange(len(PERIOD_EDGES))),) * evidence_cell_count(BANDS)
    )
    lines = lines_of((5, 10, 90, 9))
    dates = [
        91.0 + day + category_forecast(lines, 91.0 + day, rising).wait_quantiles((0.5,))[0, 0] for day in range(60)
    ]
    assert dates == sorted(set(dates))
    within = [category_forecast(lines, 91.0 + day, rising).order_probabilities((7.0,))[0, 0] for day in range(60)]
    assert min(np.diff(within)) > -1e-12
    assert within[0] < within[-1]


def test_a_category_that_was_not_learned_of_is_left_out_and_no_other_takes_its_place() -> None:
    lines = lines_of((5, 10, 90, 9), (5, 10, 90, 9), (4, 30, 80, 9))
    lines = replace(lines, code=np.array([9.0, 7.0, 1.0]))
    forecast = category_forecast(lines, 100.0)
    assert [forecast.tables.names[index] for index in forecast.category_index] == ["cream", "tea"]
    assert forecast.lines.row.tolist() == [1, 2]


def test_who_never_comes_orders_no_category() -> None:
    never = replace(steady_forecast([0.0]), order_by=np.zeros((1, 7)))
    forecast = forecast_categories(hazard_tables(), lines_of((5, 10, 90, 9)), never, 100.0)
    assert forecast.order_probabilities(DAYS).max() == 0
    assert np.isinf(forecast.wait_quantiles((0.5,))).all()
    assert np.isnan(forecast.conditional_median_wait(90)).all()
