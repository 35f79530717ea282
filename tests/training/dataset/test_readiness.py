"""Readiness: the report before training is exactly what training does."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from features.history import Cutoff
from tests.training.shops import (
    ZONE,
    TrainingShop,
    build_shop,
    cached_for_session,
    corner_shop,
    day,
    history,
    order_lines,
    simulate_lines,
    small_ensembles,
)
from training.dataset.readiness import HorizonReadiness, Readiness, known_buyers, readiness
from training.dataset.schedule import plan_schedule
from training.evaluation.backtest import backtest
from training.evaluation.quality_gate import evaluate_gate
from training.fitting.assemble import assemble
from training.fitting.fit import NO_EVIDENCE, fit_tiers
from training.models import MODELS

pytestmark = pytest.mark.slow


def answers(ready: Readiness, model: str) -> dict[int, HorizonReadiness]:
    return {answer.horizon_days: answer for answer in ready.answers if answer.model == model}


@cached_for_session
def small_shop() -> TrainingShop:
    return build_shop(simulate_lines(200, 300), 300, (30, 60), 60)


@cached_for_session
def without_amounts() -> TrainingShop:
    return build_shop(simulate_lines(700, 300).drop(columns="amount"), 300, (30, 60), 60)


@cached_for_session
def short_log_shop() -> TrainingShop:
    return build_shop(simulate_lines(900, 10), 10, (30, 90), 30)


@cached_for_session
def long_log_shop() -> TrainingShop:
    return build_shop(simulate_lines(600, 1_200), 1_200, (90, 365), 365)


@cached_for_session
def late_churn_shop() -> TrainingShop:
    return build_shop(simulate_lines(700, 300), 300, (30, 365), 365)


SHOPS = {
    "corner shop": corner_shop, "200 buyers": small_shop, "no amounts": without_amounts, "10 days": short_log_shop,
    "long log": long_log_shop, "churn after a year": late_churn_shop,
}  # fmt: skip


@pytest.fixture(params=SHOPS)
def shop(request: pytest.FixtureRequest) -> TrainingShop:
    return SHOPS[request.param]()


def test_every_horizon_of_every_model_is_reported(shop: TrainingShop) -> None:
    assert set(answers(shop.readiness, "churn")) == {shop.plan.churn_days}
    assert {*answers(shop.readiness, "ltv"), *shop.plan.learned} == {*shop.plan.horizons}
    assert set(answers(shop.readiness, "next_purchase")) == {shop.plan.learned[-1]}


def test_every_missing_condition_has_a_remedy(shop: TrainingShop) -> None:
    for answer in shop.readiness.answers:
        assert bool(answer.missing) == bool(answer.remedy)
        assert answer.trainable == (not answer.missing)


def test_the_tier_that_answers_is_tested_first_beside_the_simple_ones(shop: TrainingShop) -> None:
    ready = shop.readiness
    assert ready.tiers[0] == ready.tier
    assert set(ready.tiers) == {ready.tier, "btyd", "population"}
    assert len(ready.tiers) == len(set(ready.tiers))
    assert {answer.tier for answer in ready.answers if answer.tier} <= {"average", "btyd", "population"}


def test_what_is_tested_fits_once_before_an_origin_and_once_after_it(shop: TrainingShop) -> None:
    schedule, tested = shop.schedule, shop.readiness.tested_plan
    assert tested.churn_days == shop.plan.churn_days
    for origin in schedule.origins:
        for days in tested.learned:
            assert origin + timedelta(days=days) <= schedule.as_of
            assert schedule.training_cutoffs(origin, days)
    assert set(tested.learned) <= {*shop.plan.learned, *tested.horizons}


def test_a_release_learns_every_horizon_with_a_window_that_is_over(shop: TrainingShop) -> None:
    schedule, plan = shop.schedule, shop.plan
    assert plan.learned == schedule.trainable_horizons(schedule.as_of, plan.horizons) or len(plan.learned) == 1
    assert all(schedule.training_cutoffs(schedule.as_of, days) for days in plan.learned)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["200 buyers", "no amounts", "10 days", "churn after a year"])
def test_the_promised_tiers_are_fitted_tested_and_judged(name: str) -> None:
    shop = SHOPS[name]()
    newest, ready = replace(shop.schedule, origins=shop.schedule.origins[:1]), shop.readiness
    with small_ensembles(5):
        tests = backtest(shop.data, newest, ready.tested_plan, ready.tiers, ZONE)
        fitted = (
            tests[0].fitted_tiers
            if tests
            else fit_tiers(shop.rows(shop.now), shop.plan, shop.now.day_number, ready.tiers)
        )
    assert set(fitted) == set(ready.tiers)
    decisions = evaluate_gate(tests, ready.tier)
    assert set(decisions) == set(MODELS)
    assert {decision.tier for decision in decisions.values()} == {ready.tier}


def test_a_shop_of_the_usual_size_is_answered_by_the_average() -> None:
    for shop in (corner_shop(), small_shop()):
        assert shop.readiness.tier == "average"
        assert answers(shop.readiness, "churn")[60].trainable
        assert answers(shop.readiness, "ltv")[30].trainable


def test_29_buyers_are_too_few_for_an_average() -> None:
    ready = build_shop(simulate_lines(25, 300), 300, (30, 60), 60).readiness
    assert ready.tier == "population"
    assert ready.tiers == ("population", "btyd")
    for answer in ready.answers:
        assert not answer.trainable
        assert answer.missing == f"30 customers are needed, there are {answer.customers}"
        assert answer.remedy == "answered by the mean of all until then"


def test_without_amounts_only_the_amount_is_refused() -> None:
    ready = without_amounts().readiness
    assert answers(ready, "churn")[60].trainable
    assert answers(ready, "next_purchase")[60].trainable
    assert {answer.missing for answer in answers(ready, "ltv").values()} == {"the log has no amounts"}
    assert {answer.tier for answer in answers(ready, "ltv").values()} == {""}
    assert ready.tier == "average"
    assert "name the amount column in [orders]" in answers(ready, "ltv")[30].remedy


def test_ten_days_of_log_give_the_date_when_they_suffice() -> None:
    ready = short_log_shop().readiness
    churn = answers(ready, "churn")[30]
    assert churn.missing == "74 days of log are needed to test 30 days ahead, there are 10"
    assert churn.remedy == f"trainable on {day(74):%Y-%m-%d}; until then answered from {ready.plan.learned[0]} days"


def test_a_long_log_is_learned_a_year_ahead() -> None:
    ready = long_log_shop().readiness
    assert ready.plan.learned == (90, 365)
    assert answers(ready, "ltv")[365].trainable
    assert answers(ready, "churn")[365].trainable


def test_churn_beyond_the_learned_horizon_is_answered_from_it() -> None:
    ready = late_churn_shop().readiness
    assert (ready.plan.learned, ready.plan.evaluated_churn_days) == ((30,), 30)
    churn = answers(ready, "churn")[365]
    assert not churn.trainable
    assert churn.remedy.endswith("until then answered from 30 days")
    assert churn.tier == ready.tier == "average"
    assert (churn.positives, churn.negatives) != (0, 0)


@pytest.mark.slow
def test_churn_beyond_the_learned_horizon_is_released() -> None:
    shop = late_churn_shop()
    today = shop.population()
    with small_ensembles(5):
        rows, now = shop.rows(shop.now), shop.now.day_number
        tiered_model = assemble(rows, shop.plan, now, "average", NO_EVIDENCE).tiered_model
    churn = 1 - tiered_model.forecast(today.inputs, np.nan_to_num(today.column("orders"))).order_probability(365)
    assert np.isfinite(churn).all()
    assert 0.05 < churn.mean() < 0.95


def test_customers_are_counted_who_had_ordered_and_whose_window_is_over() -> None:
    shop = corner_shop()
    churn = answers(shop.readiness, "churn")[60]
    newest = shop.schedule.training_cutoffs(shop.schedule.as_of, 60)[-1]
    bought = {
        customer
        for customer, ordered_on, amount in zip(*columns(shop.lines), strict=True)
        if ordered_on < newest and amount > 0
    }
    after = shop.lines[(shop.lines["ordered_at"].dt.date >= newest) & (shop.lines["amount"] > 0)]
    came = {
        customer
        for customer, ordered_on in zip(after["customer_id"], after["ordered_at"].dt.date, strict=True)
        if (ordered_on - newest).days < 60
    }
    assert churn.customers == len(bought)
    assert churn.negatives == len(bought & came)
    assert churn.positives == len(bought - came)


def columns(lines: pd.DataFrame) -> tuple[Sequence[str], Sequence[date], Sequence[float]]:
    return lines["customer_id"].tolist(), lines["ordered_at"].dt.date.tolist(), lines["amount"].tolist()


def test_a_customer_known_from_a_return_is_no_buyer() -> None:
    log = history(order_lines(["ann", "bob"], np.array([1.0, 2.0]), np.array([5.0, -5.0])))
    schedule = plan_schedule(day(1), day(9), (3,), 3)
    cutoffs = [corner_shop().cutoffs[0]]
    assert known_buyers(log, cutoffs)["customer_id"].tolist() == ["ann"]
    assert schedule.as_of == day(9)


@pytest.mark.slow
def test_a_rare_outcome_asks_for_another_horizon() -> None:
    customers = np.repeat(np.arange(600), 60)
    lines = order_lines(
        [f"c{number}" for number in customers], np.tile(np.arange(0, 300, 5.0), 600), np.ones(len(customers))
    )
    ready = build_shop(lines, 300, (30, 60), 60).readiness
    churn = answers(ready, "churn")[60]
    assert churn.missing == "10 customers who stayed away within 60 days are needed, there are 0"
    assert churn.remedy.startswith("choose a horizon at which both happen often enough")
    assert (churn.tier, answers(ready, "next_purchase")[60].tier) == ("btyd", "average")
    assert ready.tier == "btyd"


@pytest.mark.parametrize("days", [7, 30, 90, 365])
def test_a_horizon_is_tested_from_the_promised_day_on_and_not_before(days: int) -> None:
    log, schedule = short_log_shop().history, plan_schedule(day(0), day(10), (days,), days)
    cutoffs = [Cutoff.from_day(at, ZONE) for at in schedule.cutoffs]
    (churn,) = answers(readiness(log, schedule, cutoffs, days, (days,)), "churn").values()
    promised = date.fromisoformat(churn.remedy.split(";")[0].removeprefix("trainable on "))
    assert plan_schedule(day(0), promised, (days,), days).tested_horizon == days
    assert plan_schedule(day(0), promised - timedelta(days=1), (days,), days).tested_horizon != days


def test_readiness_is_deterministic() -> None:
    shop = corner_shop()
    assert readiness(shop.history, shop.schedule, shop.cutoffs, 60, shop.plan.horizons) == shop.readiness
