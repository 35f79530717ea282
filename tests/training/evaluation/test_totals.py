"""Back-tested totals: actual over predicted totals at each origin, of all customers and of groups by prediction."""

from __future__ import annotations

import json
import math
from datetime import date

import numpy as np
import pytest

from tests.training.by_hand import outcomes_of, rows_of, steady_forecast
from tests.training.shops import day
from training.dataset.plan import HorizonPlan
from training.evaluation.backtest import Backtest
from training.evaluation.totals import (
    GROUP_COUNT,
    PredictedOutcomes,
    TotalErrors,
    backtest_totals,
    total_errors,
    total_ranges,
    totals_json,
)
from training.total_range import FIRST_YEAR_SCALE, PRIOR_SCALE, UNTESTED_SCALE

PLAN = HorizonPlan(churn_days=60, horizons=(30, 60, 365), learned=(30, 60), has_amounts=True)
ORIGIN = date(2026, 3, 1)
OLDER = date(2026, 1, 1)


def backtest(origin: int, follow: float = 60, plan: HorizonPlan = PLAN) -> Backtest:
    """Ten customers of rising pace, of which the five highest order after five days."""
    wait = [math.inf] * 5 + [5.0] * 5
    rows = rows_of(outcomes_of(wait, [follow] * 10))
    return Backtest(day(origin), plan, rows, {"average": steady_forecast(np.arange(1, 11) / 500)}, {})


def test_the_total_that_came_over_the_total_predicted() -> None:
    (one,) = backtest_totals([backtest(200)], "churn", "average")
    expected = (-np.expm1(-60 * np.arange(1, 11) / 500)).sum()
    assert (one.measure, one.horizon_days) == ("buyers", 60)
    assert one.origins[0].all_customers.log_ratio == pytest.approx(math.log(5 / expected), abs=1e-6)
    assert one.origins[0].customers == 10
    assert one.dispersion == 1


def test_the_noise_is_what_single_customers_chances_explain() -> None:
    within = -np.expm1(-60 * np.arange(1, 11) / 500)
    (one,) = backtest_totals([backtest(200)], "churn", "average")
    expected = math.sqrt((within * (1 - within)).sum()) / within.sum()
    assert one.origins[0].all_customers.noise == pytest.approx(expected, abs=1e-6)


def test_groups_are_fifths_by_prediction_and_one_of_whom_nobody_came_has_no_error() -> None:
    (one,) = backtest_totals([backtest(200)], "churn", "average")
    groups = one.origins[0].groups
    assert [group.log_ratio is None for group in groups] == [True, True, False, False, False]
    assert len(one.edges) == GROUP_COUNT - 1
    within = -np.expm1(-60 * np.arange(9, 11) / 500)
    assert groups[-1].log_ratio == pytest.approx(math.log(2 / within.sum()), abs=1e-6)


@pytest.mark.parametrize(
    ("question", "measures"),
    [
        ("churn", {("buyers", 60)}),
        ("next_purchase", {("buyers", days) for days in (7, 14, 30, 60)}),
        ("ltv", {(measure, days) for measure in ("orders", "spend") for days in (30, 60)}),
    ],
)
def test_every_question_is_judged_by_its_own_totals(question: str, measures: set[tuple[str, int]]) -> None:
    errors = backtest_totals([backtest(200), backtest(150)], question, "average")
    assert {(one.measure, one.horizon_days) for one in errors} == measures
    assert {len(one.origins) for one in errors} == {2}
    assert [origin.origin for origin in errors[0].origins] == [str(day(200)), str(day(150))]


def test_without_amounts_orders_are_counted() -> None:
    plain = HorizonPlan(churn_days=60, horizons=(30, 60), learned=(30, 60), has_amounts=False)
    assert {one.measure for one in backtest_totals([backtest(200, plan=plain)], "ltv", "average")} == {"orders"}


def test_a_window_that_is_not_over_is_no_total() -> None:
    errors = backtest_totals([backtest(200, follow=30)], "ltv", "average")
    assert [(one.measure, one.horizon_days) for one in errors] == [("orders", 30), ("spend", 30)]


def test_where_nothing_was_tested_there_are_no_totals() -> None:
    assert backtest_totals([], "churn", "average") == []


def test_the_dispersion_is_that_of_the_outcomes() -> None:
    rng = np.random.default_rng(1)
    mean = rng.uniform(1, 20, 50_000)
    actual = mean * rng.gamma(0.5, 2, len(mean))  # of variance twice the squared mean
    one = total_errors("spend", 90, [PredictedOutcomes(ORIGIN, mean, mean**2, actual)])
    assert one.dispersion == pytest.approx(2, rel=0.05)
    sampled = math.sqrt(2 * (mean**2).sum()) / mean.sum()
    assert one.origins[0].all_customers.noise == pytest.approx(sampled, rel=0.05)


def test_equal_predictions_are_one_group() -> None:
    mean = np.full(100, 0.5)
    one = total_errors("buyers", 30, [PredictedOutcomes(ORIGIN, mean, mean / 2, np.ones(100), 1.0)])
    assert [group.log_ratio is None for group in one.origins[0].groups] == [True] * 4 + [False]


def test_nothing_predicted_and_nothing_came() -> None:
    nothing = np.zeros(10)
    one = total_errors("spend", 30, [PredictedOutcomes(ORIGIN, nothing, nothing, nothing)])
    assert one.origins[0].all_customers.log_ratio is None
    assert one.summary_line() == "- Total spend within 30 days, actual over predicted: none came."


def test_the_card_says_it_in_a_line_and_the_release_in_plain_json() -> None:
    mean, came = np.full(10, 0.5), np.array([1.0] * 6 + [0.0] * 4)
    predicted = [PredictedOutcomes(origin, mean, mean / 2, came, 1.0) for origin in (ORIGIN, OLDER)]
    errors = total_errors("buyers", 30, predicted)
    assert errors.summary_line() == (
        "- Total buyers within 30 days, actual over predicted: +20.0% (2026-03-01), +20.0% (2026-01-01)."
    )
    payload = json.loads(json.dumps(totals_json([errors]), allow_nan=False))
    assert payload[0]["origins"][0]["all_customers"]["log_ratio"] == pytest.approx(math.log(1.2), abs=1e-6)
    assert payload[0]["edges"] == [0.5] * 4


def buyers_off_by(log_ratio: float, horizon: int = 30) -> TotalErrors:
    mean = np.full(1000, 0.3)
    return total_errors(
        "buyers", horizon, [PredictedOutcomes(ORIGIN, mean, mean, mean * math.exp(log_ratio), dispersion=1.0)]
    )


def test_the_range_of_a_tested_total_rests_on_its_errors_and_the_prior() -> None:
    (one,) = total_ranges([buyers_off_by(-0.4)], [30], span_days=800)
    assert (one.measure, one.horizon_days, one.tested_days, one.origins) == ("buyers", 30, 30, 1)
    assert one.log_scale == pytest.approx(math.sqrt((0.16 + 2 * PRIOR_SCALE**2) / 3))


def test_a_log_without_a_year_behind_or_a_test_of_the_horizon_has_a_wider_range() -> None:
    exact = [buyers_off_by(0.0)]
    assert [one.log_scale for one in total_ranges(exact, [30], span_days=300)] == [FIRST_YEAR_SCALE]
    assert [one.log_scale for one in total_ranges(exact, [30, 90], span_days=800)] == [
        pytest.approx(PRIOR_SCALE * math.sqrt(2 / 3)),
        UNTESTED_SCALE,
    ]


def test_without_tests_one_range_per_horizon_is_that_of_every_total() -> None:
    ranges = total_ranges([], [90, 30], span_days=50)
    assert [(one.measure, one.horizon_days, one.origins) for one in ranges] == [(None, 30, 0), (None, 90, 0)]
    assert {one.log_scale for one in ranges} == {UNTESTED_SCALE}
    assert "the log has 50 days, and the season ahead is known from 395 days on" in ranges[0].sentence()


def test_an_origin_at_which_nothing_came_does_not_count() -> None:
    nothing = np.zeros(10)
    errors = total_errors("spend", 30, [PredictedOutcomes(ORIGIN, np.ones(10), nothing, nothing)])
    (one,) = total_ranges([errors], [30], span_days=800)
    assert (one.origins, one.log_scale) == (0, UNTESTED_SCALE)
