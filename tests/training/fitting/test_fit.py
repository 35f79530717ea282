"""Tier fitting: every tier on the same rows, for any shop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.training.by_hand import outcomes_of, rows_of
from tests.training.shops import (
    FITTED_TIERS,
    ZONE,
    TrainingShop,
    build_shop,
    cached_for_session,
    corner_shop,
    corner_tiers,
    other_buyers,
    simulate_lines,
    small_ensembles,
)
from training import metrics
from training.dataset import outcomes
from training.dataset.outcomes import Rows
from training.dataset.plan import HorizonPlan
from training.dataset.schedule import Schedule
from training.evaluation.backtest import backtest
from training.fitting import fit
from training.fitting.fit import buyer_mask, fit_tiers
from training.inference.forecast import Forecast
from training.inference.tiered_model import HorizonLayout
from training.members import MEMBERS
from training.models import MODELS

pytestmark = pytest.mark.slow

NEVER = float("inf")
PLAN = HorizonPlan(churn_days=60, horizons=(60,), learned=(60,), has_amounts=True)


def is_complete(answers: Forecast) -> bool:
    """Whether no value of the forecast is missing or infinite."""
    spend = [] if answers.spend is None else list(vars(answers.spend).values())
    return all(np.isfinite(table).all() for table in (answers.order_by, answers.expected_orders, *spend))


def fit_and_forecast(shop: TrainingShop, tier: str) -> Forecast:
    today = shop.population()
    with small_ensembles(3):
        fitted = fit_tiers(shop.rows(shop.now), shop.plan, shop.now.day_number, (tier,))
    return fitted[tier].tiered_model.forecast(today.inputs, np.nan_to_num(today.column("orders")))


def test_only_the_requested_tiers_are_fitted() -> None:
    shop = corner_shop()
    fitted = fit_tiers(shop.rows(shop.now), shop.plan, shop.now.day_number, ("population",))
    assert set(fitted) == {"population"}
    assert set(corner_tiers()) == set(FITTED_TIERS)


def test_members_and_trees_are_stored_as_text_by_model() -> None:
    files = {model: set(artifact) for model, artifact in corner_tiers()["average"].files.items()}
    members = ("btyd.json", "full_regression.json", "small_regression.json", "small_trees.txt")
    assert files == {
        "churn": {f"order_60d.{member}" for member in members},
        "next_purchase": {"hazard.txt"},
        "ltv": {
            *(f"orders_{days}d.{member}" for days in (30, 60) for member in members),
            *(f"spend_{days}d.correction.txt" for days in (30, 60)),
        },
    }
    assert all(corner_tiers()[tier].files == {} for tier in ("btyd", "population"))


def test_one_tier_answers_all_three_models() -> None:
    for tier, fitted in corner_tiers().items():
        assert fitted.tiered_model.tier_by_model == dict.fromkeys(MODELS, tier)
        assert (fitted.average is not None) == (tier == "average")


def test_the_average_is_calibrated_on_others_and_tells_them_apart() -> None:
    others = other_buyers()
    answers = corner_tiers()["average"].tiered_model.forecast(others.inputs, others.column("orders"))
    came = others.outcomes.ordered_within(60)
    assert metrics.ece(answers.order_probability(60), came) < 0.06
    assert metrics.auc(answers.order_probability(60), came) > 0.75
    assert answers.expected_orders[:, 1].sum() == pytest.approx(others.outcomes.orders_within(60).sum(), rel=0.15)


def test_every_member_has_a_weight_in_every_question() -> None:
    average = corner_tiers()["average"].average
    assert average is not None
    for question in (average.churn, *average.orders):
        assert set(question.averaged.weights) == set(MEMBERS)
        assert min(question.averaged.weights.values()) >= 0
        assert max(question.averaged.weights.values()) < 0.9


def test_a_fit_of_the_average_is_the_same_to_the_last_byte() -> None:
    shop = small_shop("no amounts")
    rows = shop.rows(shop.now)
    with small_ensembles(3):
        fits = [fit_tiers(part, shop.plan, shop.now.day_number, ("average",))["average"] for part in (rows, rows)]
    assert fits[0].files == fits[1].files
    assert fits[0].average is not None
    assert fits[1].average is not None
    assert fits[0].average.churn.averaged.weights == fits[1].average.churn.averaged.weights


@pytest.mark.parametrize(("days", "is_short"), [(60, True), (100, False)])
def test_only_a_short_log_leans_on_btyd_for_customers_older_than_any_that_taught(days: int, is_short: bool) -> None:
    shop = build_shop(simulate_lines(120, days), days, (30,), 30)
    rows = shop.rows(shop.now)
    with small_ensembles(3):
        average = fit_tiers(rows, shop.plan, shop.now.day_number, ("average",))["average"].average
    assert average is not None
    long_tenure = average.tier.long_tenure
    assert (long_tenure is not None) == is_short
    if long_tenure is not None:
        taught = buyer_mask(rows) & (rows.outcomes.follow_days >= 30)
        assert long_tenure.days == rows.column("tenure_days")[taught].max()
        assert long_tenure.btyd_share == min(0.5, 2 * average.churn.averaged.weights["btyd"])


def test_the_interval_of_spend_holds_four_in_five_of_others() -> None:
    bought = other_buyers()
    for tier in FITTED_TIERS:
        answers = corner_tiers()[tier].tiered_model.forecast(bought.inputs, bought.column("orders"))
        assert answers.spend is not None
        p, actual = answers.order_probability(60), bought.outcomes.spend_within(60)
        below, above = np.where(p > 0.9, 0.1, 0.0), np.maximum(1 - p, 0.9)
        covered = metrics.coverage(answers.spend.p10[:, 1], answers.spend.p90[:, 1], actual)
        assert covered == pytest.approx((above - below).mean(), abs=0.05)


def test_distributions_use_the_newest_finished_cutoffs_until_they_have_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = corner_shop()
    rows = shop.rows(shop.now)
    monkeypatch.setattr(outcomes, "MIN_CALIBRATION_ROWS", 1_000)
    newest = rows.select(rows.newest_finished_mask(60))
    finished = rows.cutoff[rows.outcomes.follow_days >= 60]
    assert newest.cutoff.max() == finished.max()
    assert 1_000 <= len(newest) < 2_000
    assert len(set(newest.cutoff.tolist())) == 2


def growth_exponent(early: int, late: int) -> float:
    """The exponent for ``early`` orders in the first half of 60 days and ``late`` orders in the second."""
    observed = outcomes_of([5.0] * early + [45.0] * late + [NEVER] * 10, [90.0] * (early + late + 10))
    return fit.growth_exponents(rows_of(observed), PLAN)[0]


def test_totals_grow_beyond_the_learned_horizon_as_within_it() -> None:
    assert growth_exponent(50, 50) == pytest.approx(1.0)
    assert growth_exponent(100, 41) == pytest.approx(0.5, abs=0.01)
    assert growth_exponent(100, 1) == 0.3
    assert growth_exponent(50, 90) == 1.0
    assert growth_exponent(0, 5) == 1.0


def test_a_horizon_beyond_the_longest_learned_is_reached_by_that_growth() -> None:
    layout = HorizonLayout(60, (30, 60, 240), (30, 60), 0.5, 1.0, None)
    assert layout.extend(np.array([[1.0, 3.0]]), layout.power_growth(0.5)[None, :])[0].tolist() == pytest.approx(
        [1, 3, 3 * 2]
    )
    assert [layout.learned_position(days) for days in (7, 30, 59, 60, 365)] == [0, 0, 0, 1, 1]


LINES = simulate_lines(120, 100)
SMALL: dict[str, tuple[pd.DataFrame, int]] = {
    "one day": (simulate_lines(40, 1), 1),
    "two days": (simulate_lines(40, 2), 2),
    "ten days": (simulate_lines(60, 10), 10),
    "one customer": (LINES[LINES["customer_id"] == "c00001"], 100),
    "one order each": (LINES.drop_duplicates("customer_id"), 100),
    "returns alone": (LINES[LINES["amount"] < 0], 100),
    "no amounts": (LINES.drop(columns="amount"), 100),
    "no recent orders": (LINES[LINES["day_number"] < LINES["day_number"].min() + 40], 100),
}


@cached_for_session
def small_shop(name: str) -> TrainingShop:
    lines, days = SMALL[name]
    return build_shop(lines, days, (3, 30), 30)


@pytest.mark.parametrize("tier", FITTED_TIERS)
@pytest.mark.parametrize("name", SMALL)
def test_no_shop_is_too_small_for_an_answer(name: str, tier: str) -> None:
    answers = fit_and_forecast(small_shop(name), tier)
    assert len(answers) == len(small_shop(name).population())
    assert is_complete(answers)


def unfinished_rows() -> Rows:
    observed = outcomes_of([2.0, NEVER, NEVER, 8.0], [9.0, 4.0, 1.0, 9.0])
    return rows_of(
        observed, orders=[1.0, 2.0, 0.0, 3.0], mean_order=[10.0] * 4, tenure_days=[9.0] * 4, order_days=[1.0] * 4
    )


@pytest.mark.parametrize("tier", FITTED_TIERS)
@pytest.mark.parametrize("has_amounts", [True, False])
def test_a_log_without_a_finished_window_is_answered_by_every_tier(tier: str, has_amounts: bool) -> None:
    rows = unfinished_rows()
    plan = HorizonPlan(60, (30, 60), (30, 60), has_amounts)
    fitted = fit_tiers(rows, plan, 9, (tier,))[tier]
    assert fitted.tiered_model.tier_name == ("btyd" if tier == "average" else tier)
    answers = fitted.tiered_model.forecast(rows.inputs, rows.column("orders"))
    assert is_complete(answers)
    assert (answers.spend is None) != has_amounts


def test_an_origin_before_which_no_window_is_over_is_tested_without_a_crash() -> None:
    shop = corner_shop()
    schedule: Schedule = replace(shop.schedule, origins=(shop.schedule.cutoffs[3],))
    with small_ensembles(3):
        (test,) = backtest(shop.data, schedule, replace(shop.plan, learned=(30, 60)), ("average", "btyd"), ZONE)
    assert all(is_complete(forecast) for forecast in test.forecasts.values())


def test_only_customers_with_an_order_are_buyers() -> None:
    rows = unfinished_rows()
    assert buyer_mask(rows).tolist() == [True, True, False, True]


def test_a_fit_of_a_simple_tier_does_not_depend_on_the_order_of_its_rows() -> None:
    shop = corner_shop()
    rows, today = shop.rows(shop.now), shop.population()
    reversed_rows, orders = rows.select(np.arange(len(rows))[::-1]), np.nan_to_num(today.column("orders"))
    forward, backward = (
        fit_tiers(part, shop.plan, shop.now.day_number, ("population",))["population"].tiered_model
        for part in (rows, reversed_rows)
    )
    assert forward.forecast(today.inputs, orders).order_by == pytest.approx(
        backward.forecast(today.inputs, orders).order_by
    )
