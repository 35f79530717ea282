"""Prediction interval: it covers totals as often as it claims, also when the errors of customers are correlated."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from features.arrays import Floats
from serving.audiences.estimates.backtest_errors import BacktestErrors, ErrorVariance, read_backtest_errors
from serving.audiences.estimates.intervals import Z90, TotalEstimate, prediction_interval, t_quantile_90
from training.evaluation.totals import PredictedOutcomes, total_errors, totals_json

HORIZON = 30
NEWEST = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [(1, 3.0777), (2, 1.8856), (3, 1.6377), (5, 1.4759), (30, 1.3104), (1000, 1.2824), (1e9, Z90)],
)
def test_students_quantile_is_that_of_the_tables(degrees: float, expected: float) -> None:
    assert t_quantile_90(degrees) == pytest.approx(expected, abs=2e-4)


def simulate_outcomes(rng: np.random.Generator, chance: Floats, shock: float, own: float) -> tuple[Floats, Floats]:
    """The probabilities after a common shock and a shock for each fifth, and the customers who order."""
    fifth = np.searchsorted(np.quantile(chance, [0.2, 0.4, 0.6, 0.8]), chance, "right")
    shifted = np.minimum(chance * np.exp(shock * rng.normal() + own * rng.normal(size=5)[fifth]), 1.0)
    return shifted, (rng.random(len(chance)) < shifted).astype(float)


def backtest_errors(rng: np.random.Generator, customers: int, origins: int, shock: float, own: float) -> BacktestErrors:
    outcomes = []
    for window in range(origins):
        chance = rng.uniform(0.01, 0.3, customers)
        actual = simulate_outcomes(rng, chance, shock, own)[1]
        origin = NEWEST - timedelta(days=window * HORIZON)
        outcomes.append(PredictedOutcomes(origin, chance, chance * (1 - chance), actual, dispersion=1.0))
    errors = read_backtest_errors(
        [{"totals": totals_json([total_errors("buyers", HORIZON, outcomes)])}], "buyers", HORIZON
    )
    assert isinstance(errors, BacktestErrors)
    return errors


@pytest.mark.slow
@pytest.mark.parametrize(
    ("customers", "members", "origins", "shock", "own"),
    [
        (5_000, 5_000, 3, 0.2, 0.0),  # a large shop with a common shock
        (5_000, 5_000, 2, 0.1, 0.0),
        (5_000, 5_000, 8, 0.1, 0.1),
        (2_000, 100, 3, 0.05, 0.0),  # a small audience, where chance dominates
        (500, 500, 3, 0.0, 0.0),  # a small shop without shocks
        (5_000, 2_000, 3, 0.05, 0.2),  # two kinds of customers with shocks of their own
        (5_000, 500, 3, 0.1, 0.2),  # one kind of customer with a shock of its own
    ],
)
def test_four_fifths_of_totals_lie_inside(customers: int, members: int, origins: int, shock: float, own: float) -> None:
    rng = np.random.default_rng(7)
    inside = []
    for _ in range(250):
        errors = backtest_errors(rng, customers, origins, shock, own)
        chance = np.sort(rng.uniform(0.01, 0.3, customers))
        actual = simulate_outcomes(rng, chance, shock, own)[1][-members:].sum()
        own_chance = chance[-members:]
        interval = prediction_interval(TotalEstimate(own_chance, own_chance * (1 - own_chance)), errors)
        inside.append(interval.p10 <= actual <= interval.p90)
    assert 0.75 <= np.mean(inside) <= 0.89


def simulate_spend(rng: np.random.Generator, orders: Floats, shock: float) -> Floats:
    """Orders of a mean value of 20 each."""
    number = rng.poisson(orders * np.exp(shock * rng.normal()))
    return np.asarray(20 * rng.gamma(np.maximum(number, 1e-9)))


@pytest.mark.slow
@pytest.mark.parametrize(("members", "shock"), [(4_000, 0.15), (100, 0.02)])
def test_four_fifths_of_revenues_lie_inside(members: int, shock: float) -> None:
    rng = np.random.default_rng(9)
    inside = []
    for _ in range(250):
        outcomes = []
        for window in range(3):
            orders = rng.gamma(0.5, 1, 4_000)
            actual = simulate_spend(rng, orders, shock)
            origin = NEWEST - timedelta(days=window * HORIZON)
            outcomes.append(PredictedOutcomes(origin, 20 * orders, 400 * orders, actual))
        errors = read_backtest_errors(
            [{"totals": totals_json([total_errors("spend", HORIZON, outcomes)])}], "spend", HORIZON
        )
        assert isinstance(errors, BacktestErrors)
        orders = np.sort(rng.gamma(0.5, 1, 4_000))
        actual = simulate_spend(rng, orders, shock)[-members:].sum()
        own_orders = orders[-members:]
        interval = prediction_interval(TotalEstimate(20 * own_orders, 400 * own_orders), errors)
        inside.append(interval.p10 <= actual <= interval.p90)
    assert 0.75 <= np.mean(inside) <= 0.89


def test_the_errors_of_single_customers_alone_would_say_far_too_much() -> None:
    rng = np.random.default_rng(8)
    inside = []
    for _ in range(200):
        chance = rng.uniform(0.01, 0.3, 20_000)
        actual = simulate_outcomes(rng, chance, 0.2, 0.0)[1].sum()
        reach = Z90 * math.sqrt((chance * (1 - chance)).sum())
        inside.append(abs(actual - chance.sum()) <= reach)
    assert np.mean(inside) < 0.2


PAST = BacktestErrors(
    overall=ErrorVariance(0.01, 0.001),
    ratios=np.exp([[0.2, 0.3], [-0.2, -0.3], [0.2, 0.3]]),
    noises=np.full((3, 2), 0.03),
    edges=np.array([0.5]),
    dispersion=1.0,
    independent_origins=3.0,
)
ONE = TotalEstimate(np.full(1000, 0.9), np.zeros(1000))


def test_an_audience_takes_the_error_of_its_own_kind() -> None:
    interval = prediction_interval(ONE, PAST)
    assert interval.uses_own_errors
    assert interval.p90 == pytest.approx(900 * math.exp(t_quantile_90(3) * 0.3), rel=1e-6)
    assert interval.p10 * interval.p90 == pytest.approx(900**2)
    below = replace(ONE, predicted=np.full(1000, 0.1))
    assert prediction_interval(below, PAST).p90 == pytest.approx(100 * math.exp(t_quantile_90(3) * 0.2), rel=1e-6)


def test_an_audience_is_no_surer_than_everybody() -> None:
    interval = prediction_interval(ONE, replace(PAST, overall=ErrorVariance(0.16, 0.001)))
    assert not interval.uses_own_errors
    assert interval.p90 == pytest.approx(900 * math.exp(t_quantile_90(3) * 0.4), rel=1e-6)


def test_errors_of_two_kinds_that_cancel_cancel_in_an_audience_of_both() -> None:
    opposite = replace(PAST, overall=ErrorVariance(0.0, 0.0), ratios=np.array([[1.2, 0.8]] * 3))
    of_both = TotalEstimate(np.array([0.4] * 600 + [0.6] * 400), np.zeros(1000))
    assert prediction_interval(of_both, opposite).p90 == pytest.approx(480, rel=1e-6)


def test_a_group_without_a_total_is_taken_to_err_as_everybody_does() -> None:
    cards = model_cards("2026-03-01")
    cards[1]["totals"][0]["origins"][0]["groups"][0] = {"log_ratio": None, "noise": None}
    errors = read_backtest_errors(cards, "buyers", 90)
    assert isinstance(errors, BacktestErrors)
    assert errors.ratios.tolist() == [[pytest.approx(math.exp(0.1))] * 5]


def test_of_the_churn_horizon_the_churn_card_tells() -> None:
    churn = {"name": "churn", "totals": model_cards("2026-03-01", log_ratio=0.7)[1]["totals"]}
    errors = read_backtest_errors([churn, *model_cards("2026-03-01")], "buyers", 90)
    assert isinstance(errors, BacktestErrors)
    assert errors.overall.error == pytest.approx(0.49)


def test_an_audience_is_never_surer_than_its_members_chances() -> None:
    sure = replace(PAST, overall=ErrorVariance(1e-6, 1e-6), ratios=np.full((3, 2), 1.001))
    interval = prediction_interval(replace(ONE, variance=np.full(1000, 8.1)), sure)
    assert interval.p90 == pytest.approx(900 * math.exp(Z90 * 0.1), rel=1e-3)


def test_a_lucky_past_makes_nobody_surer_than_chance_allows() -> None:
    lucky = replace(PAST, overall=ErrorVariance(1e-6, 0.01), ratios=np.full((3, 2), 1.001), noises=np.full((3, 2), 0.1))
    interval = prediction_interval(replace(ONE, variance=np.full(1000, 8.1)), lucky)
    assert interval.p90 == pytest.approx(900 * math.exp(Z90 * 0.1), rel=1e-3)


def test_fewer_independent_origins_say_less() -> None:
    upper_bounds = [
        prediction_interval(ONE, replace(PAST, independent_origins=origins)).p90 for origins in (1.0, 1.5, 3.0)
    ]
    assert upper_bounds == sorted(upper_bounds, reverse=True)


def model_cards(*origins: str, log_ratio: float | None = 0.1) -> list[dict[str, Any]]:
    error = {"log_ratio": log_ratio, "noise": None if log_ratio is None else 0.01}
    origin_errors = [
        {"origin": origin, "customers": 9, "all_customers": error, "groups": [error] * 5} for origin in origins
    ]
    total = {"measure": "buyers", "horizon_days": 90, "edges": [0.1, 0.2, 0.3, 0.4], "dispersion": 1.0}
    return [{"name": "churn", "totals": []}, {"name": "next_purchase", "totals": [{**total, "origins": origin_errors}]}]


def test_windows_that_overlap_count_once() -> None:
    apart = read_backtest_errors(model_cards("2026-03-01", "2025-12-01"), "buyers", 90)
    near = read_backtest_errors(model_cards("2026-03-01", "2026-01-15"), "buyers", 90)
    assert isinstance(apart, BacktestErrors)
    assert isinstance(near, BacktestErrors)
    assert (apart.independent_origins, near.independent_origins) == (2.0, 1.5)


@pytest.mark.parametrize(
    ("cards", "days", "reason"),
    [
        ([{"name": "churn"}], 90, "The release that scored has no back-test errors of totals"),
        ([], 90, "The release that scored has no back-test errors of totals"),
        ([{"name": "churn", "totals": []}], 90, "No window after a test origin has ended yet"),
        (model_cards("2026-03-01"), 365, "Test origins have finished windows of 90 days, and none of 365."),
        (model_cards("2026-03-01", log_ratio=None), 90, "No test origin has an actual total to compare with."),
    ],
)
def test_without_a_past_the_reason_is_said(cards: list[dict[str, Any]], days: int, reason: str) -> None:
    result = read_backtest_errors(cards, "buyers", days)
    assert isinstance(result, str)
    assert result.startswith(reason)
