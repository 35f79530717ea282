"""Every rung on the same rows, calibrated on customers it has not seen, for any shop at all."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.training.by_hand import happened, rows_of
from tests.training.shops import ZONE, Shop, corner_rungs, corner_shop, few_rounds, kept, other_buyers, shop, simulated
from training import metrics
from training.dataset import outcomes
from training.dataset.outcomes import Rows
from training.dataset.readiness import SIMPLE
from training.dataset.schedule import Schedule
from training.evaluation.backtest import backtest
from training.fitting import fit
from training.fitting.fit import buyers, fit_rungs
from training.inference.forecast import TIERS, Forecast
from training.inference.tiered_model import Shape
from training.model import Plan
from training.models import MODELS, churn
from training.models.churn import churned

NEVER = float("inf")
PLAN = Plan(churn_days=60, asked=(60,), learned=(60,), has_amounts=True)


def complete(answers: Forecast) -> bool:
    """Whether nothing in the answers is missing or infinite."""
    spend = [] if answers.spend is None else list(vars(answers.spend).values())
    return all(np.isfinite(table).all() for table in (answers.order_by, answers.expected_orders, *spend))


def answered(one: Shop, tier: str) -> Forecast:
    today = one.population()
    with few_rounds(3):
        ladder = fit_rungs(one.rows(one.now), one.plan, (tier,))[tier].ladder
    return ladder.forecast(today.inputs, np.nan_to_num(today.column("orders")))


def test_only_the_asked_rungs_are_fitted() -> None:
    one = corner_shop()
    assert set(fit_rungs(one.rows(one.now), one.plan, ("population",))) == {"population"}
    assert set(corner_rungs()) == set(TIERS)


def test_trees_are_kept_as_text_by_model() -> None:
    files = {model: sorted(artefact) for model, artefact in corner_rungs()["ml"].artefacts.items()}
    assert files == {
        "churn": ["churn.txt"],
        "next_purchase": ["hazard.txt", "periods.json"],
        "ltv": [
            "expectation.json",
            *(f"{kind}_{days}d.txt" for kind in ("orders_came", "orders_corrected") for days in (30, 60)),
            *(f"{kind}_{days}d.txt" for kind in ("spend_came", "spend_corrected") for days in (30, 60)),
        ],
    }
    assert all(corner_rungs()[tier].artefacts == {} for tier in SIMPLE)


def test_one_rung_answers_all_three_questions() -> None:
    for tier, fitted in corner_rungs().items():
        assert fitted.tier == tier
        assert fitted.ladder.tiers == dict.fromkeys(MODELS, tier)


def test_a_model_that_memorises_its_customers_is_calibrated_on_others(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = {"num_leaves": 63, "min_data_in_leaf": 5, "learning_rate": 0.3, "lambda_l2": 0.0}
    monkeypatch.setattr(churn, "PARAMS", {**churn.PARAMS, **memory})
    one = corner_shop()
    with few_rounds(60):
        ladder = fit_rungs(one.rows(one.now), one.plan, ("ml",))["ml"].ladder
    others = other_buyers()
    said = 1 - ladder.forecast(others.inputs, others.column("orders")).within(60)
    assert metrics.ece(said, churned(others.outcomes, 60)) < 0.1


def test_the_interval_of_spend_holds_four_in_five_of_others() -> None:
    bought = other_buyers()
    for tier in TIERS:
        answers = corner_rungs()[tier].ladder.forecast(bought.inputs, bought.column("orders"))
        assert answers.spend is not None
        p, actual = answers.within(60), bought.outcomes.spend_within(60)
        below, above = np.where(p > 0.9, 0.1, 0.0), np.maximum(1 - p, 0.9)
        covered = metrics.coverage(answers.spend.p10[:, 1], answers.spend.p90[:, 1], actual)
        assert covered == pytest.approx((above - below).mean(), abs=0.05)


def test_calibration_looks_at_the_newest_finished_cutoffs_until_it_has_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    one = corner_shop()
    rows = one.rows(one.now)
    monkeypatch.setattr(outcomes, "FEWEST_CALIBRATION_ROWS", 1_000)
    chosen = rows.newest(60)
    finished = rows.cutoff[rows.outcomes.follow_days >= 60]
    assert chosen.cutoff.max() == finished.max()
    assert 1_000 <= len(chosen) < 2_000
    assert len(set(chosen.cutoff.tolist())) == 2


def grown(early: int, late: int) -> float:
    """The exponent where so many come in the first half of 60 days, and so many more in the second."""
    found = happened([5.0] * early + [45.0] * late + [NEVER] * 10, [90.0] * (early + late + 10))
    return fit._growth(rows_of(found), PLAN)[0]


def test_totals_grow_beyond_what_was_learned_as_they_grew_within_it() -> None:
    assert grown(50, 50) == pytest.approx(1.0)
    assert grown(100, 41) == pytest.approx(0.5, abs=0.01)
    assert grown(100, 1) == 0.3
    assert grown(50, 90) == 1.0
    assert grown(0, 5) == 1.0


def test_a_horizon_beyond_the_longest_learned_is_reached_by_that_growth() -> None:
    shape = Shape(60, (30, 60, 240), (30, 60), 0.5, 1.0, None)
    assert shape.extended(np.array([[1.0, 3.0]]), shape.power(0.5)[None, :])[0].tolist() == pytest.approx([1, 3, 3 * 2])
    assert [shape.base(days) for days in (7, 30, 59, 60, 365)] == [0, 0, 0, 1, 1]


LINES = simulated(120, 100)
SMALL: dict[str, tuple[pd.DataFrame, int]] = {
    "one day": (simulated(40, 1), 1),
    "two days": (simulated(40, 2), 2),
    "ten days": (simulated(60, 10), 10),
    "one customer": (LINES[LINES["customer_id"] == "c00001"], 100),
    "one order each": (LINES.drop_duplicates("customer_id"), 100),
    "returns alone": (LINES[LINES["amount"] < 0], 100),
    "no amounts": (LINES.drop(columns="amount"), 100),
    "nobody lately": (LINES[LINES["day_number"] < LINES["day_number"].min() + 40], 100),
}


@kept
def small(name: str) -> Shop:
    lines, days = SMALL[name]
    return shop(lines, days, (3, 30), 30)


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("name", SMALL)
def test_no_shop_is_too_small_for_an_answer(name: str, tier: str) -> None:
    answers = answered(small(name), tier)
    assert len(answers) == len(small(name).population())
    assert complete(answers)


def unfinished() -> Rows:
    found = happened([2.0, NEVER, NEVER, 8.0], [9.0, 4.0, 1.0, 9.0])
    return rows_of(
        found, orders=[1.0, 2.0, 0.0, 3.0], mean_order=[10.0] * 4, tenure_days=[9.0] * 4, order_days=[1.0] * 4
    )


@pytest.mark.parametrize("tier", SIMPLE)
@pytest.mark.parametrize("has_amounts", [True, False])
def test_a_log_in_which_no_window_is_over_has_its_lower_rungs(tier: str, has_amounts: bool) -> None:
    rows = unfinished()
    plan = Plan(60, (30, 60), (30, 60), has_amounts)
    answers = fit_rungs(rows, plan, (tier,))[tier].ladder.forecast(rows.inputs, rows.column("orders"))
    assert complete(answers)
    assert (answers.spend is None) != has_amounts


def test_an_origin_before_which_no_window_is_over_is_tested_without_a_crash() -> None:
    one = corner_shop()
    laid: Schedule = replace(one.laid, origins=(one.laid.cutoffs[3],))
    with few_rounds(3):
        (test,) = backtest(one.data, laid, replace(one.plan, learned=(30, 60)), ("ml", "cohort"), ZONE)
    assert all(complete(forecast) for forecast in test.forecasts.values())


def test_nobody_who_has_not_ordered_is_learned_from_as_a_buyer() -> None:
    rows = unfinished()
    assert buyers(rows).tolist() == [True, True, False, True]


def test_a_fit_does_not_depend_on_the_order_of_its_rows() -> None:
    one = corner_shop()
    rows = one.rows(one.now)
    turned = rows.at(np.arange(len(rows))[::-1])
    for tier in ("cohort", "population"):
        there, back = (fit_rungs(some, one.plan, (tier,))[tier].ladder for some in (rows, turned))
        today = one.population()
        orders = np.nan_to_num(today.column("orders"))
        assert there.forecast(today.inputs, orders).order_by == pytest.approx(
            back.forecast(today.inputs, orders).order_by
        )
