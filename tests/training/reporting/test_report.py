"""Model report: figures and metrics of a model, from every tier that may answer."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from tests.training.by_hand import outcomes_of, rows_of, steady_forecast
from tests.training.shops import cached_for_session, corner_shop, corner_tiers
from training.dataset.plan import HorizonPlan
from training.evaluation.backtest import Backtest, BacktestScore, scores
from training.models import MODELS
from training.reporting.report import (
    mean_importance,
    metrics_table,
    model_figures,
    model_metrics,
    score_figure,
    score_table,
    slice_aucs,
    slice_metrics,
)

EXPECTED = {
    "churn": {"reliability", "gains_and_lift"},
    "next_purchase": {"survival", "reliability", "gains_and_lift"},
    "ltv": {"deciles", "gains_and_lift", "interval_coverage"},
}


@cached_for_session
def newest_backtest() -> Backtest:
    """The corner shop at its newest origin, answered by tiers that know its outcomes: only the figures matter."""
    one = corner_shop()
    at = next(cutoff for cutoff in one.cutoffs if cutoff.day == one.schedule.origins[0])
    rows = one.data.rows(one.now, one.plan.outcome_horizons, [at])
    test = rows.select(rows.column("orders") >= 1)
    forecasts = {
        tier: fitted.tiered_model.forecast(test.inputs, test.column("orders"))
        for tier, fitted in corner_tiers().items()
    }
    return Backtest(at.day, one.plan, test, forecasts, corner_tiers())


@pytest.mark.parametrize("tier", ["average", "btyd", "population"])
@pytest.mark.parametrize("model", EXPECTED)
def test_every_question_has_its_figures_from_every_tier(model: str, tier: str) -> None:
    artefact = newest_backtest().fitted_tiers[tier].files.get(model, {})
    figures = model_figures(model, newest_backtest(), tier, artefact)
    trees = {"importance"} if any(name.endswith(".txt") for name in artefact) else set()
    assert set(figures) == EXPECTED[model] | trees
    assert all(isinstance(figure, Figure) for figure in figures.values())


def test_the_figures_of_trees_name_the_inputs() -> None:
    files = newest_backtest().fitted_tiers["average"].files["churn"]
    figures = model_figures("churn", newest_backtest(), "average", files)
    figure = figures["importance"]
    names = [label.get_text() for axes in figure.axes for label in axes.get_yticklabels()]
    assert any("recency" in name for name in names)


def test_without_amounts_the_deciles_are_of_orders() -> None:
    test = rows_of(outcomes_of([3.0, 40.0, float("inf")] * 20, [90.0] * 60), tenure_days=[50.0] * 60)
    plan = HorizonPlan(churn_days=60, horizons=(30, 60), learned=(30, 60), has_amounts=False)
    counted = steady_forecast([0.1, 0.01, 0.001] * 20)
    without = type(counted)(**{**vars(counted), "spend": None})
    assert set(
        model_figures("ltv", Backtest(corner_shop().now.day, plan, test, {"population": without}, {}), "population", {})
    ) == {"deciles"}


@pytest.mark.parametrize("model", EXPECTED)
def test_every_part_of_the_population_is_measured_on_its_own(model: str) -> None:
    parts = slice_metrics(model, newest_backtest(), "average")
    assert "one-time buyers" in parts
    assert parts["one-time buyers"]["customers"] == (newest_backtest().rows.column("orders") == 1).sum()
    assert all(MODELS[model].headline in measures for measures in parts.values())


def test_the_ranking_of_each_part_has_a_range_and_everybody_comes_first() -> None:
    aucs = slice_aucs("churn", newest_backtest(), "average")
    customers, everybody = aucs["everybody"]
    measured = MODELS["churn"].metrics(
        newest_backtest().rows.outcomes, newest_backtest().plan, newest_backtest().forecasts["average"]
    )
    assert next(iter(aucs)) == "everybody"
    assert customers == len(newest_backtest().rows)
    assert everybody.value == pytest.approx(measured["auc"])
    assert all(auc.low <= auc.value <= auc.high for _, auc in aucs.values())
    assert list(aucs)[1:] == list(slice_metrics("churn", newest_backtest(), "average"))


def test_a_part_too_small_to_measure_is_left_out() -> None:
    few = newest_backtest().rows.select(np.arange(29))
    one = Backtest(
        newest_backtest().origin,
        newest_backtest().plan,
        few,
        newest_backtest().forecasts,
        newest_backtest().fitted_tiers,
    )
    assert slice_metrics("churn", one, "average") == {}


def test_a_table_has_one_column_per_measure() -> None:
    table = metrics_table({"regulars": {"customers": 40.0, "auc": 0.7}, "newcomers": {"customers": 30.0, "auc": 0.6}})
    assert table == {"part": ["regulars", "newcomers"], "customers": [40.0, 30.0], "auc": [0.7, 0.6]}
    assert metrics_table({}) == {"part": []}


def test_the_importance_of_several_ensembles_is_the_mean_share_of_each() -> None:
    names, shares = mean_importance([(["a", "b"], np.array([3.0, 1.0])), (["b", "c"], np.array([0.5, 0.5]))])
    assert dict(zip(names, shares.tolist(), strict=True)) == {"a": 0.375, "b": 0.375, "c": 0.25}
    assert mean_importance([(["a"], np.zeros(1))])[1].tolist() == [0.0]


def test_metrics_are_those_of_the_tested_tier_and_never_missing() -> None:
    origin = newest_backtest().origin
    given_scores = [
        BacktestScore("churn", origin, "btyd", {"auc": 0.7, "bias": float("nan")}),
        BacktestScore("churn", origin, "recency", {"auc": 0.6}),
        BacktestScore("ltv", origin, "btyd", {"gini": 0.5}),
    ]
    (metric,) = model_metrics("churn", given_scores, "btyd")
    assert (metric.key, metric.value, metric.step) == ("auc", 0.7, origin.toordinal())


def test_all_that_was_scored_is_in_one_table_and_one_figure() -> None:
    all_scores = scores([newest_backtest()])
    for model in MODELS:
        table = score_table(model, all_scores)["all_tiers"]
        scored = [score for score in all_scores if score.model == model]
        assert table["by"] == [score.contestant for score in scored]
        assert table[MODELS[model].headline] == [score.metrics.get(MODELS[model].headline) for score in scored]
        (panel,) = score_figure(model, all_scores, "average")["all_tiers"].axes
        assert {line.get_label() for line in panel.get_lines()} >= {"average", "population"}
        assert {metric.key for metric in model_metrics(model, all_scores, "average")} >= {MODELS[model].headline}
    assert (score_table("churn", []), score_figure("churn", [], "average")) == ({}, {})
