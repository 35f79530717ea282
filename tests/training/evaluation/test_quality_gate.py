"""Quality gate: what the newest origin refutes is not promoted; chance refutes nothing; the champion is compared."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from features.arrays import Floats
from tests.training.by_hand import outcomes_of, rows_of, steady_forecast
from tests.training.shops import day
from training.dataset.plan import HorizonPlan
from training.evaluation import quality_gate
from training.evaluation.backtest import Backtest
from training.evaluation.paired_comparison import PairedComparison, compare_on_origins
from training.evaluation.quality_gate import (
    GateDecision,
    chance_standard_error,
    evaluate_gate,
    lower_tiers,
    stand_in_refutations,
)
from training.inference.forecast import Forecast, SpendForecast
from training.inference.tiered_model import TieredModel
from training.models import MODELS

PLAN = HorizonPlan(churn_days=60, horizons=(30, 60), learned=(30, 60), has_amounts=True)
TIER = "average"


def customers(number: int, seed: int = 0, base: float = -4.2) -> tuple[Floats, Floats]:
    """The daily pace of customers, and the days until their next order."""
    rng = np.random.default_rng(seed)
    pace = rng.lognormal(base, 1.0, number)
    return pace, rng.exponential(1 / pace)


def one_order_forecast(pace: Floats, horizons: tuple[int, ...] = (30, 60)) -> Forecast:
    """The forecast of customers with at most one order, of 10, which comes at a constant pace."""
    forecast = steady_forecast(pace, horizons)
    within = forecast.order_probabilities(horizons)
    spend = SpendForecast(mean=10 * within, median=0 * within, p10=0 * within, p90=np.where(within > 0.1, 10.0, 0.0))
    return replace(forecast, expected_orders=within, spend=spend)


def backtest(forecast: Forecast | Floats, wait: Floats, origin: int = 200) -> Backtest:
    """A test of one forecast, or of a forecast at a constant pace per customer."""
    test = rows_of(outcomes_of(np.where(wait < 90, wait, math.inf), np.full(len(wait), 90.0)))
    answers = forecast if isinstance(forecast, Forecast) else one_order_forecast(forecast)
    return Backtest(day(origin), PLAN, test, {TIER: answers}, {})


def decide(*tests: Backtest) -> dict[str, GateDecision]:
    return evaluate_gate(tests, TIER)


def test_a_forecast_that_knows_the_pace_is_refuted_by_nothing() -> None:
    pace, wait = customers(1_000)
    for name, decision in decide(backtest(pace, wait)).items():
        assert (decision.model, decision.tier, decision.refutations, decision.ranks) == (name, TIER, (), True)
        assert decision.reason == "tested at 1 origin, refuted by none"
    assert decide(*[backtest(pace, wait)] * 3)["churn"].reason == "tested at 3 origins, refuted by none"


@pytest.mark.parametrize(("factor", "is_refuted"), [(3.4, True), (2.6, False), (1.0, False), (1 / 3.4, True)])
def test_a_total_off_by_more_than_three_times_refutes(factor: float, is_refuted: bool) -> None:
    pace, wait = customers(4_000, base=-8.0)
    decisions = decide(backtest(factor * pace, wait))
    assert bool(decisions["churn"].refutations) == is_refuted
    assert bool(decisions["next_purchase"].refutations) == is_refuted


def test_a_refutation_names_both_totals() -> None:
    pace, wait = customers(2_000, base=-8.0)
    sentence, *_ = decide(backtest(10 * pace, wait))["churn"].refutations
    came = int((wait < 60).sum())
    predicted = (1 - np.exp(-10 * pace * 60)).sum()
    assert sentence == f"at 2020-07-19 it predicted {predicted:,.0f} buyers within 60 days, and {came} came"


def test_spend_that_is_far_off_refutes_the_spend_alone() -> None:
    pace, wait = customers(1_000)
    forecast = one_order_forecast(pace)
    assert forecast.spend is not None
    wrong = replace(forecast, spend=replace(forecast.spend, mean=forecast.spend.mean * 20))
    decisions = decide(backtest(wrong, wait))
    assert {name for name, decision in decisions.items() if decision.refutations} == {"ltv"}
    assert all("spend" in sentence for sentence in decisions["ltv"].refutations)


def test_small_totals_refute_nothing() -> None:
    for came in (0, 1, 3):
        wait = np.where(np.arange(50) < came, 5.0, math.inf)
        pace = np.full(50, 0.15 / 60) * np.where(np.arange(50) < came, 2.0, 1.0)
        assert not any(decision.refutations for decision in decide(backtest(pace, wait)).values())


def test_a_ranking_that_is_surely_the_wrong_way_round_refutes() -> None:
    pace, wait = customers(2_000)
    inverted = np.sort(pace)[::-1][np.argsort(np.argsort(pace))]
    decision = decide(backtest(inverted, wait))["churn"]
    assert any(
        sentence.startswith("at 2020-07-19 it ranked customers the wrong way round: AUC 0.")
        for sentence in decision.refutations
    )
    assert not decision.ranks


@pytest.mark.parametrize("seed", range(20))
def test_a_ranking_by_chance_is_no_refutation(seed: int) -> None:
    pace, wait = customers(300, seed)
    shuffled = np.random.default_rng(seed + 99).permutation(pace)
    decision = decide(backtest(shuffled, wait))["churn"]
    assert not [sentence for sentence in decision.refutations if "wrong way round" in sentence]


@pytest.mark.parametrize(("off", "is_refuted"), [(0.25, True), (0.05, False)])
def test_probabilities_off_by_more_than_fifteen_points_refute(off: float, is_refuted: bool) -> None:
    rng = np.random.default_rng(0)
    within = rng.uniform(0.3, 0.6, 3_000)
    wait = np.where(rng.uniform(size=3_000) < within, 5.0, math.inf)
    decisions = decide(backtest(-np.log1p(-(within + off)) / 60, wait))
    assert bool(decisions["churn"].refutations) == is_refuted
    if is_refuted:
        (sentence,) = decisions["churn"].refutations
        assert sentence.startswith("at 2020-07-19 its probabilities were off by 25% on average: ece, at most 15% is")


def test_probabilities_of_few_customers_may_be_off_by_chance() -> None:
    rng = np.random.default_rng(1)
    within = np.full(40, 0.5) + rng.uniform(0, 0.01, 40)
    wait = np.where(rng.uniform(size=40) < within, 5.0, math.inf)
    test = backtest(-np.log1p(-within) / 60, wait)
    assert MODELS["churn"].metrics(test.rows.outcomes, PLAN, test.forecasts[TIER])["ece"] > 0.15
    assert not decide(test)["churn"].refutations


def test_only_the_newest_origin_refutes() -> None:
    (pace, wait), (_, other) = customers(2_000, base=-8.0), customers(2_000, 1, base=-8.0)
    right, wrong = backtest(pace, wait), backtest(10 * pace, other, origin=150)
    assert not decide(right, wrong)["churn"].refutations
    assert decide(wrong, right)["churn"].refutations


def test_where_nothing_could_be_tested_nothing_is_refuted() -> None:
    for decision in decide().values():
        assert (decision.refutations, decision.ranks, decision.tier) == ((), True, TIER)
        assert decision.reason == "no window after an origin is over yet, so nothing could be tested"


def test_a_question_that_ranks_nobody_says_so() -> None:
    _, wait = customers(500)
    came = float((wait < 60).mean())
    alike = np.full(500, -np.log1p(-came) / 60) * np.random.default_rng(3).uniform(0.999, 1.001, 500)
    decision = decide(backtest(alike, wait))["churn"]
    assert (decision.refutations, decision.ranks) == ((), False)
    assert decision.reason == (
        "tested at 1 origin, refuted by none; nobody is ranked: the log holds no signal by which churn could tell "
        "customers apart"
    )


def test_more_customers_make_a_weak_ranking_sure() -> None:
    for number, ranks in ((30, False), (8_000, True)):
        pace, wait = customers(number)
        weak = np.exp(np.log(pace) + 4 * np.random.default_rng(2).normal(size=number))
        assert decide(backtest(weak, wait))["churn"].ranks is ranks


def test_the_error_of_an_auc_by_chance_is_that_of_repeated_samples_without_signal() -> None:
    rng, event = np.random.default_rng(0), (np.arange(100) < 5).astype(float)
    areas = []
    for _ in range(2_000):
        score = rng.normal(size=100)
        areas.append(np.mean(score[event == 1][:, None] > score[event == 0]))
    assert chance_standard_error(event) == pytest.approx(np.std(areas), rel=0.1)
    assert np.mean(np.array(areas) + 1.96 * chance_standard_error(event) < 0.5) < 0.04
    assert np.isnan(chance_standard_error(np.zeros(3)))


def compare(own: Floats, champion: Forecast | None, wait: Floats, tests: int = 1) -> list[PairedComparison]:
    return compare_on_origins([backtest(own, wait)] * tests, TIER, "the champion", lambda _: champion)


def test_a_release_that_is_surely_worse_than_the_champion_is_a_regression() -> None:
    pace, wait = customers(2_000)
    blurred = pace * np.exp(1.5 * np.random.default_rng(5).normal(size=2_000))
    worse = {one.model: one for one in compare(blurred, one_order_forecast(pace), wait)}
    better = {one.model: one for one in compare(pace, one_order_forecast(blurred), wait)}
    assert set(worse) == set(better) == set(MODELS)
    assert worse["churn"].is_regression
    assert not better["churn"].is_regression
    assert better["churn"].gain == pytest.approx(-worse["churn"].gain)
    assert worse["churn"].low <= worse["churn"].gain <= worse["churn"].high < 0 < better["churn"].low


def test_a_release_like_the_champion_is_no_regression() -> None:
    pace, wait = customers(500)
    assert not any(one.is_regression for one in compare(pace, one_order_forecast(pace), wait))


def test_the_same_customers_again_make_no_surer() -> None:
    pace, wait = customers(400)
    blurred = one_order_forecast(pace * np.exp(np.random.default_rng(5).normal(size=400)))
    once, thrice = (compare(pace, blurred, wait, tests)[0] for tests in (1, 3))
    assert (thrice.gain, thrice.low, thrice.high) == pytest.approx((once.gain, once.low, once.high))


def test_a_champion_that_cannot_be_asked_is_not_compared() -> None:
    pace, wait = customers(50)
    assert compare(pace, None, wait) == []
    assert compare(pace, one_order_forecast(pace, (30,)), wait) == []
    assert compare_on_origins([], TIER, "the champion", lambda _: None) == []


def test_a_release_falls_where_it_answers_from_a_lower_tier_than_the_champion() -> None:
    champion = {"churn": "average", "next_purchase": "btyd", "ltv": "population"}
    assert lower_tiers({"churn": "btyd", "next_purchase": "btyd", "ltv": "average"}, champion) == ["churn"]
    assert lower_tiers(dict.fromkeys(champion, "last_window"), champion) == ["churn"]
    assert lower_tiers(dict.fromkeys(champion, "population"), {}) == []
    assert lower_tiers(dict.fromkeys(champion, "population"), dict.fromkeys(champion, "ml")) == []


@pytest.mark.parametrize("degenerate", [[math.inf] * 60, [5.0] * 60, [5.0]])
def test_a_degenerate_shop_is_judged_without_a_crash(degenerate: Sequence[float]) -> None:
    wait = np.array(degenerate)
    assert set(decide(backtest(np.full(len(wait), 0.01), wait))) == set(MODELS)


def stand_in(forecast: Forecast) -> TieredModel:
    """The last window, which answers everybody with this forecast."""
    return cast("TieredModel", SimpleNamespace(tier_name="last_window", forecast=lambda *_: forecast))


def test_a_stand_in_on_the_level_of_its_window_is_refuted_by_nothing() -> None:
    pace, wait = customers(2_000, base=-8.0)
    assert stand_in_refutations([backtest(10 * pace, wait)], stand_in(one_order_forecast(pace))) == []
    assert stand_in_refutations([], stand_in(one_order_forecast(pace))) == []


def test_a_stand_in_is_judged_by_the_newest_origin_by_its_own_totals_and_ranking() -> None:
    pace, wait = customers(2_000, base=-8.0)
    tests = [backtest(pace, wait), backtest(pace, wait, origin=100)]
    sentences = stand_in_refutations(tests, stand_in(one_order_forecast(10 * pace)))
    assert sentences[0].startswith("churn, on the level of the last window: at 2020-07-19 it predicted ")
    inverted = np.sort(pace)[::-1][np.argsort(np.argsort(pace))]
    (first, *_) = stand_in_refutations(tests, stand_in(one_order_forecast(inverted)))
    assert "it ranked customers the wrong way round: AUC 0." in first


def test_wrong_probabilities_do_not_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality_gate, "_calibration_refutations", lambda *_: ["off by 20%"])
    pace, wait = customers(4_000, base=-8.0)
    decision = decide(backtest(pace, wait))["churn"]
    assert (decision.refutations, decision.blocking) == (("off by 20%",), ())
    assert decide(backtest(10 * pace, wait))["churn"].blocking
