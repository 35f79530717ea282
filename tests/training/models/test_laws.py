"""Laws for every question in the catalogue: a new file in models/ is tested by existing."""

from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import training.models
from tests.training.by_hand import outcomes_of, rows_of, steady_forecast
from tests.training.shops import corner_shop, history_of, order_lines, outcomes_of_customers
from training.dataset.outcomes import Outcomes
from training.dataset.plan import HorizonPlan
from training.fitting.fit import TRAINERS, buyer_mask
from training.inference.answers.answer import Horizons
from training.inference.forecast import Forecast
from training.model import Model
from training.models import ANSWER_ORDER, EXPERIMENT_MODELS, MODELS, PAGES

FILES = sorted(file.stem for file in Path(training.models.__path__[0]).glob("*.py") if file.stem != "__init__")
CUTOFF, HORIZON = 100, 60
PLAN = HorizonPlan(churn_days=HORIZON, horizons=(HORIZON,), learned=(HORIZON,), has_amounts=True)
ORDERS = (("ann", 10.0, 5.0), ("ann", 120.0, 5.0), ("bob", 20.0, 5.0), ("cat", 30.0, 5.0), ("cat", 130.0, 5.0))
WITHOUT_AMOUNTS = HorizonPlan(churn_days=60, horizons=(30, 60), learned=(30, 60), has_amounts=False)
WITH_AMOUNTS = HorizonPlan(churn_days=60, horizons=(30, 60), learned=(30, 60), has_amounts=True)
NEVER = float("inf")
BRIEF = outcomes_of([2.0, NEVER, 9.0], [5.0, 5.0, 5.0], (1, 3))


@pytest.fixture(params=[name for name in FILES if name in MODELS])
def model(request: pytest.FixtureRequest) -> Model:
    return MODELS[request.param]


@cache
def outcomes_with(bob: float | None, limit: int) -> Outcomes:
    more = () if bob is None else (("bob", bob, 5.0),)
    return outcomes_of_customers(history_of(*ORDERS, *more), CUTOFF, limit, (30, HORIZON, 90))


def with_answers(model: Model, outcomes: Outcomes, plan: HorizonPlan, forecast: Forecast) -> Forecast:
    """The forecast, with the answers of the model's own head if it has one."""
    if model.head is None:
        return forecast
    rows = rows_of(outcomes)
    head = model.head.load(model.head.fit(rows, plan, TRAINERS), rows.names)
    return replace(forecast, answers={model.name: head.predict(rows.inputs, np.ones(len(rows)), forecast)})


def losses(model: Model, bob: float | None = None) -> list[float]:
    """By what a model is judged, with amounts and without, where Bob orders once more."""
    outcomes, forecast = outcomes_with(bob, 300), steady_forecast([0.01] * 3, (HORIZON,))
    forecast = with_answers(model, outcomes, PLAN, forecast)
    losses = [model.loss(outcomes, PLAN, one) for one in (forecast, replace(forecast, spend=None))]
    return [float(loss) for loss in np.concatenate(losses)]


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_named_after_its_model(name: str) -> None:
    assert import_module(f"training.models.{name}").MODEL is PAGES[name]
    assert PAGES[name].name == name


def test_the_catalogue_is_the_folder() -> None:
    assert sorted(PAGES) == FILES
    assert sorted([*MODELS, *EXPERIMENT_MODELS]) == FILES


def test_every_answer_has_a_place_of_its_own() -> None:
    assert len({page.position for page in PAGES.values()}) == len(PAGES)
    assert set(ANSWER_ORDER) == set(PAGES)
    assert ANSWER_ORDER[:3] == ("churn", "next_purchase", "ltv")


def test_columns_of_the_scores_table_have_one_owner() -> None:
    horizons = Horizons(churn_days=30, ltv_days=(30, 90))
    names = [column.name for page in PAGES.values() for column in page.answer.table_columns(horizons)]
    assert len(names) == len(set(names))


def test_a_reviewer_is_shown_the_headline(model: Model) -> None:
    assert model.headline in model.shown_metrics


@pytest.mark.parametrize("name", FILES)
def test_a_page_asks_one_question(name: str) -> None:
    page = PAGES[name]
    assert page.question == import_module(f"training.models.{name}").__doc__
    assert page.question.endswith("?")
    assert "\n" not in page.question
    assert page.intended_use.endswith(".")


def test_a_loss_ignores_orders_before_the_cutoff(model: Model) -> None:
    assert losses(model, bob=99.99) == losses(model)


def test_a_loss_sees_an_order_at_the_cutoff(model: Model) -> None:
    assert losses(model, bob=100.0) != losses(model)


def test_a_loss_sees_an_order_on_the_last_day_of_the_horizon(model: Model) -> None:
    assert losses(model, bob=159.99) != losses(model)


def test_a_loss_ignores_an_order_at_the_horizon(model: Model) -> None:
    assert losses(model, bob=160.0) == losses(model)


DEGENERATE = {
    "nobody came": outcomes_of([NEVER] * 50, [90.0] * 50),
    "everybody came": outcomes_of([5.0] * 50, [90.0] * 50),
    "three customers": outcomes_of([5.0, 45.0, NEVER], [90.0] * 3),
    "one customer": outcomes_of([5.0], [90.0]),
}


@pytest.mark.parametrize("plan", [WITH_AMOUNTS, WITHOUT_AMOUNTS], ids=["with amounts", "without amounts"])
@pytest.mark.parametrize("outcomes", DEGENERATE.values(), ids=DEGENERATE)
@pytest.mark.parametrize("daily", [0.0, 0.01, 3.0])
def test_a_degenerate_shop_is_measured_without_a_crash(
    model: Model, plan: HorizonPlan, outcomes: Outcomes, daily: float
) -> None:
    forecast = with_answers(model, outcomes, plan, steady_forecast([daily] * len(outcomes.wait_days)))
    assert np.isfinite(model.loss(outcomes, plan, forecast)).all()
    measured = model.metrics(outcomes, plan, forecast)
    assert not [name for name, value in measured.items() if np.isinf(value)]
    if (came := np.isfinite(outcomes.wait_days)).any() and not came.all():
        assert not [name for name, value in measured.items() if np.isnan(value)]


def test_a_loss_is_lower_for_a_better_forecast(model: Model) -> None:
    outcomes = outcomes_of([2.0] * 10 + [NEVER] * 10, [90.0] * 20)
    right, wrong = steady_forecast([0.2] * 10 + [0.001] * 10), steady_forecast([0.001] * 10 + [0.2] * 10)
    if model.head is not None:
        pytest.skip("its head answers, whatever the tiers forecast")
    assert model.loss(outcomes, WITH_AMOUNTS, right).mean() < model.loss(outcomes, WITH_AMOUNTS, wrong).mean()


def test_a_loss_is_unknown_only_for_those_whose_window_is_not_over(model: Model) -> None:
    outcomes = outcomes_of([5.0, NEVER, NEVER], [90.0, 90.0, 40.0])
    unknown = np.isnan(
        model.loss(outcomes, WITH_AMOUNTS, with_answers(model, outcomes, WITH_AMOUNTS, steady_forecast([0.01] * 3)))
    )
    assert not unknown[:2].any()


def test_every_model_has_named_baselines_judged_by_its_headline(model: Model) -> None:
    shop = corner_shop()
    rows = shop.data.rows(shop.now, shop.plan.outcome_horizons, [shop.cutoffs[8]])
    rows = rows.select(buyer_mask(rows))
    assert model.baselines
    for simple in model.baselines.values():
        score = simple(rows, shop.plan)
        assert score.shape == (len(rows),)
        assert np.isfinite(score).all()
        assert np.isfinite(model.compare(rows.outcomes, shop.plan, score)[model.headline])


def test_every_model_measures_what_the_gate_and_the_reviewer_ask_for(model: Model) -> None:
    for plan in (WITH_AMOUNTS, WITHOUT_AMOUNTS):
        measured = model.metrics(
            BRIEF, short_plan(plan), with_answers(model, BRIEF, short_plan(plan), steady_forecast([0.1] * 3, (1, 3)))
        )
        assert model.headline in measured
        assert model.calibration is None or np.isfinite(measured[model.calibration.metric])


def test_a_better_forecast_ranks_those_who_came_first(model: Model) -> None:
    outcomes = outcomes_of([2.0] * 10 + [NEVER] * 10, [90.0] * 20)
    if model.head is not None:
        pytest.skip("its head answers, whatever the tiers forecast")
    for forecast in (
        steady_forecast([0.2] * 10 + [0.001] * 10),
        replace(steady_forecast([0.2] * 10 + [0.001] * 10), spend=None),
    ):
        score, event = model.ranking(outcomes, WITH_AMOUNTS, forecast)
        assert set(event.tolist()) == {0.0, 1.0}
        assert score[event == 1].min() > score[event == 0].max()


def short_plan(plan: HorizonPlan) -> HorizonPlan:
    return HorizonPlan(churn_days=3, horizons=(1, 3), learned=(1, 3), has_amounts=plan.has_amounts)


def test_the_catalogue_is_compared_with_what_a_shop_does_without_learning() -> None:
    named = {name for model in MODELS.values() for name in model.baselines}
    assert named >= {"recency", "frequency", "last window", "own median gap", "always zero"}


def test_recency_takes_the_longest_silent_for_gone() -> None:
    rows = rows_of(outcomes_of([1, 2], [90, 90]), recency_days=[200.0, 3.0])
    assert MODELS["churn"].baselines["recency"](rows, PLAN).argmax() == 0


def test_frequency_takes_the_rarest_for_gone() -> None:
    rows = rows_of(outcomes_of([1, 2], [90, 90]), orders=[9.0, 1.0])
    assert MODELS["churn"].baselines["frequency"](rows, PLAN).argmax() == 1


def test_the_own_median_gap_counts_from_the_last_order_and_never_back_in_time() -> None:
    rows = rows_of(
        outcomes_of([1, 2, 3], [90] * 3), recency_days=[4.0, 50.0, 2.0], median_gap_days=[10.0, 20.0, float("nan")]
    )
    assert MODELS["next_purchase"].baselines["own median gap"](rows, PLAN).tolist() == [6.0, 0.0, 13.0]


def test_the_date_error_is_that_of_the_median_given_an_order_within_the_churn_horizon() -> None:
    outcomes, forecast = outcomes_of([10.0, 50.0, 70.0, NEVER], [90.0] * 4), steady_forecast([0.01, 0.02, 1.0, 1.0])
    measured = MODELS["next_purchase"].metrics(outcomes, PLAN, forecast)
    first, second, *_ = forecast.conditional_median_wait(PLAN.churn_days)
    assert measured["mae_days_if_within"] == pytest.approx((abs(first - 10) + abs(second - 50)) / 2)


def test_the_date_error_of_a_baseline_is_that_of_its_date_but_no_later_than_the_horizon() -> None:
    outcomes, waits = outcomes_of([10.0, 50.0, 70.0, NEVER], [90.0] * 4), np.array([12.0, 400.0, 1.0, 1.0])
    measured = MODELS["next_purchase"].compare(outcomes, PLAN, waits)
    assert measured["mae_days_if_within"] == pytest.approx((2 + PLAN.churn_days - 50) / 2)


def test_a_date_error_is_unknown_where_nobody_came() -> None:
    outcomes = outcomes_of([NEVER, NEVER], [90.0] * 2)
    assert np.isnan(MODELS["next_purchase"].compare(outcomes, PLAN, np.ones(2))["mae_days_if_within"])


def test_the_last_window_is_scaled_to_the_horizon() -> None:
    rows = rows_of(outcomes_of([1, 2], [90, 90]), spend_56d=[56.0, 0.0], orders_56d=[2.0, 0.0])
    simple = MODELS["ltv"].baselines["last window"]
    assert simple(rows, PLAN).tolist() == [60.0, 0.0]
    assert simple(rows, WITHOUT_AMOUNTS)[0] == pytest.approx(2 * 60 / 56)


def test_a_log_line_is_an_order_of_its_day() -> None:
    lines = order_lines(["ann", "ann"], np.array([0.0, 1.5]), np.array([1.0, 2.0]))
    assert lines["ordered_at"].dt.strftime("%d %H:%M").tolist() == ["01 00:00", "02 12:00"]
