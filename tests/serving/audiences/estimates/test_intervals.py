"""Prediction interval: it covers totals as often as it claims, also when the errors of customers are correlated."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from features.arrays import Floats
from serving.audiences.estimates.backtest_errors import BacktestErrors, read_backtest_errors
from serving.audiences.estimates.intervals import Z90, TotalEstimate, prediction_interval
from training.evaluation.totals import PredictedOutcomes, total_errors, totals_json
from training.total_range import PRIOR_SCALE, T_FACTOR, UNTESTED_SCALE, RangePrior

HORIZON = 30
NEWEST = date(2026, 3, 1)


# A log of three years, so that small errors at past origins may narrow the interval.
TRAINED = {"start": "2023-03-01", "end": "2026-03-31"}
PRIOR = RangePrior(PRIOR_SCALE, can_narrow=True)


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
    return read_errors("buyers", outcomes)


def read_errors(measure: str, outcomes: list[PredictedOutcomes]) -> BacktestErrors:
    cards = [{"training_window": TRAINED, "totals": totals_json([total_errors(measure, HORIZON, outcomes)])}]
    errors = read_backtest_errors(cards, measure, HORIZON)
    assert errors is not None
    return errors


@pytest.mark.slow
@pytest.mark.parametrize(
    ("customers", "members", "origins", "shock", "own"),
    [
        (5_000, 5_000, 3, 0.2, 0.0),  # a large shop with a common shock
        (5_000, 5_000, 2, 0.15, 0.0),
        (5_000, 5_000, 8, 0.1, 0.1),
        (5_000, 2_000, 3, 0.1, 0.2),  # two kinds of customers with shocks of their own
        (5_000, 500, 3, 0.1, 0.15),  # one kind of customer with a shock of its own
    ],
)
def test_four_fifths_of_totals_lie_inside(customers: int, members: int, origins: int, shock: float, own: float) -> None:
    assert 0.75 <= buyers_coverage(customers, members, origins, shock, own) <= 0.9


@pytest.mark.slow
@pytest.mark.parametrize(("customers", "members", "shock"), [(2_000, 100, 0.05), (500, 500, 0.0), (5_000, 5_000, 0.1)])
def test_totals_steadier_than_the_prior_lie_inside_more_often(customers: int, members: int, shock: float) -> None:
    assert buyers_coverage(customers, members, 3, shock, 0.0) >= 0.8


def buyers_coverage(customers: int, members: int, origins: int, shock: float, own: float) -> float:
    """The share of intervals of the members with the highest probabilities that cover the number of buyers."""
    rng = np.random.default_rng(7)
    inside = []
    for _ in range(250):
        errors = backtest_errors(rng, customers, origins, shock, own)
        chance = np.sort(rng.uniform(0.01, 0.3, customers))
        actual = simulate_outcomes(rng, chance, shock, own)[1][-members:].sum()
        own_chance = chance[-members:]
        interval = prediction_interval(TotalEstimate(own_chance, own_chance * (1 - own_chance)), errors)
        inside.append(interval.p10 <= actual <= interval.p90)
    return float(np.mean(inside))


def simulate_spend(rng: np.random.Generator, orders: Floats, shock: float) -> Floats:
    """Orders of a mean value of 20 each."""
    number = rng.poisson(orders * np.exp(shock * rng.normal()))
    return np.asarray(20 * rng.gamma(np.maximum(number, 1e-9)))


@pytest.mark.slow
@pytest.mark.parametrize(("members", "shock"), [(4_000, 0.15), (100, 0.2)])
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
        errors = read_errors("spend", outcomes)
        orders = np.sort(rng.gamma(0.5, 1, 4_000))
        actual = simulate_spend(rng, orders, shock)[-members:].sum()
        own_orders = orders[-members:]
        interval = prediction_interval(TotalEstimate(20 * own_orders, 400 * own_orders), errors)
        inside.append(interval.p10 <= actual <= interval.p90)
    assert 0.75 <= np.mean(inside) <= 0.9


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
    prior=PRIOR,
    ratios=np.exp([0.1, -0.1, 0.1]),
    noises=np.full(3, 0.03),
    group_ratios=np.exp([[0.2, 0.3], [-0.2, -0.3], [0.2, 0.3]]),
    group_noises=np.full((3, 2), 0.03),
    edges=np.array([0.5]),
    dispersion=1.0,
    independent_origins=3.0,
    tested_days=HORIZON,
)
ONE = TotalEstimate(np.full(1000, 0.9), np.zeros(1000))


def factor(log_ratio: float, origins: float = 3.0) -> float:
    return math.exp(T_FACTOR * math.sqrt((origins * log_ratio**2 + 2 * PRIOR_SCALE**2) / (origins + 2)))


def test_an_audience_takes_the_error_of_its_own_kind() -> None:
    interval = prediction_interval(ONE, PAST)
    assert interval.uses_own_errors
    assert interval.p90 == pytest.approx(900 * factor(0.3), rel=1e-6)
    assert interval.p10 * interval.p90 == pytest.approx(900**2)
    below = replace(ONE, predicted=np.full(1000, 0.1))
    assert prediction_interval(below, PAST).p90 == pytest.approx(100 * factor(0.2), rel=1e-6)


def test_an_audience_is_no_surer_than_everybody() -> None:
    interval = prediction_interval(ONE, replace(PAST, ratios=np.exp([0.4, 0.4, -0.4])))
    assert not interval.uses_own_errors
    assert interval.p90 == pytest.approx(900 * factor(0.4), rel=1e-6)


def test_errors_of_two_kinds_that_cancel_cancel_in_an_audience_of_both() -> None:
    opposite = replace(PAST, ratios=np.ones(3), group_ratios=np.array([[1.2, 0.8]] * 3))
    of_both = TotalEstimate(np.array([0.4] * 600 + [0.6] * 400), np.zeros(1000))
    assert prediction_interval(of_both, opposite).p90 == pytest.approx(480 * factor(0.0), rel=1e-6)


def test_the_excess_of_an_audiences_chance_is_added_with_the_normal_quantile() -> None:
    interval = prediction_interval(replace(ONE, variance=np.full(1000, 8.1)), PAST)
    own, excess = math.log(factor(0.3)), 0.01 - 0.03**2
    assert interval.p90 == pytest.approx(900 * math.exp(math.hypot(own, Z90 * math.sqrt(excess))), rel=1e-6)


def test_a_group_without_a_total_is_taken_to_err_as_everybody_does() -> None:
    cards = model_cards("2026-03-01")
    cards[1]["totals"][0]["origins"][0]["groups"][0] = {"log_ratio": None, "noise": None}
    errors = read_backtest_errors(cards, "buyers", 90)
    assert errors is not None
    assert errors.group_ratios.tolist() == [[pytest.approx(math.exp(0.1))] * 5]


def test_of_the_churn_horizon_the_churn_card_tells() -> None:
    churn = {
        "name": "churn",
        "training_window": TRAINED,
        "totals": model_cards("2026-03-01", log_ratio=0.7)[1]["totals"],
    }
    errors = read_backtest_errors([churn, *model_cards("2026-03-01")], "buyers", 90)
    assert errors is not None
    assert errors.ratios.tolist() == [pytest.approx(math.exp(0.7))]


LUCKY = replace(PAST, ratios=np.full(3, 1.001), group_ratios=np.full((3, 2), 1.001))


def test_an_audience_is_never_surer_than_its_members_chances() -> None:
    lucky = replace(LUCKY, noises=np.full(3, 0.3), group_noises=np.full((3, 2), 0.3))
    interval = prediction_interval(replace(ONE, variance=np.full(1000, 72.9)), lucky)
    assert interval.p90 == pytest.approx(900 * math.exp(Z90 * 0.3), rel=1e-3)


def test_a_lucky_past_makes_nobody_surer_than_the_prior_allows() -> None:
    assert prediction_interval(ONE, LUCKY).p90 == pytest.approx(900 * factor(0.0), rel=1e-3)


def test_fewer_independent_origins_say_less() -> None:
    upper_bounds = [
        prediction_interval(ONE, replace(LUCKY, independent_origins=origins)).p90 for origins in (1.0, 1.5, 3.0)
    ]
    assert upper_bounds == sorted(upper_bounds, reverse=True)


def model_cards(*origins: str, log_ratio: float | None = 0.1) -> list[dict[str, Any]]:
    error = {"log_ratio": log_ratio, "noise": None if log_ratio is None else 0.01}
    origin_errors = [
        {"origin": origin, "customers": 9, "all_customers": error, "groups": [error] * 5} for origin in origins
    ]
    total: dict[str, Any] = {"measure": "buyers", "horizon_days": 90, "edges": [0.1, 0.2, 0.3, 0.4], "dispersion": 1.0}
    next_purchase = {
        "name": "next_purchase",
        "training_window": TRAINED,
        "totals": [{**total, "origins": origin_errors}],
    }
    return [{"name": "churn", "training_window": TRAINED, "totals": []}, next_purchase]


def test_windows_that_overlap_count_once() -> None:
    apart = read_backtest_errors(model_cards("2026-03-01", "2025-12-01"), "buyers", 90)
    near = read_backtest_errors(model_cards("2026-03-01", "2026-01-15"), "buyers", 90)
    assert apart is not None
    assert near is not None
    assert (apart.independent_origins, near.independent_origins) == (2.0, 1.5)


def test_older_origins_than_the_newest_three_are_not_used() -> None:
    errors = read_backtest_errors(model_cards("2026-03-01", "2025-12-01", "2025-09-01", "2025-06-01"), "buyers", 90)
    assert errors is not None
    assert errors.origins == 3


@pytest.mark.parametrize("cards", [[], [{"name": "churn"}]])
def test_a_release_without_back_tested_totals_has_no_errors(cards: list[dict[str, Any]]) -> None:
    assert read_backtest_errors(cards, "buyers", 90) is None


@pytest.mark.parametrize("cards", [model_cards(), model_cards("2026-03-01", log_ratio=None)])
def test_without_an_origin_the_scale_is_that_of_untested_logs(cards: list[dict[str, Any]]) -> None:
    errors = read_backtest_errors(cards, "buyers", 90)
    assert errors is not None
    assert (errors.origins, errors.tested_days) == (0, None)
    assert prediction_interval(ONE, errors).p90 == pytest.approx(900 * math.exp(T_FACTOR * UNTESTED_SCALE))


@pytest.mark.parametrize(("log_ratio", "scale"), [(0.1, UNTESTED_SCALE), (1.2, math.sqrt((1.44 + 2 * 0.35**2) / 3))])
def test_the_errors_of_a_shorter_window_can_only_widen(log_ratio: float, scale: float) -> None:
    errors = read_backtest_errors(model_cards("2026-03-01", log_ratio=log_ratio), "buyers", 180)
    assert errors is not None
    assert errors.tested_days == 90
    assert errors.overall().scale == pytest.approx(scale)


def test_origins_that_predicted_nothing_and_saw_much_make_an_interval_that_ends_at_the_hundredfold() -> None:
    nothing, much = np.full(400, 1e-20), np.tile([0.0, 25.0], 200)
    errors = read_errors("spend", [PredictedOutcomes(NEWEST, nothing, nothing**2 / 1e-6, much)])
    interval = prediction_interval(ONE, errors)
    assert (interval.p10, interval.p90) == pytest.approx((ONE.mean / 100, ONE.mean * 100))
