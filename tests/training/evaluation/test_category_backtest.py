"""Category back-test: scores of the next order per category, by evidence level and beside the usual gap."""

from __future__ import annotations

import numpy as np
import pytest

from features.history import Cutoff
from tests.training.assortments import drugstore_shop
from tests.training.by_hand import steady_forecast
from tests.training.shops import ZONE, cached_for_session
from training.dataset.category_rows import CategoryLog
from training.evaluation.backtest import BY_CATEGORY, Backtest, BacktestScore, backtest, scores
from training.evaluation.category_backtest import backtest_categories
from training.fitting.fit import buyer_mask
from training.reporting.report import category_score_table, model_metrics

pytestmark = pytest.mark.slow


@cached_for_session
def run_backtest() -> list[Backtest]:
    one = drugstore_shop()
    return backtest(one.data, one.schedule, one.plan, ("btyd", "population"), ZONE)


@cached_for_session
def category_scores() -> list[BacktestScore]:
    return [score for score in scores(run_backtest()) if score.model == BY_CATEGORY]


def test_every_origin_tells_of_all_of_the_tiers_and_of_the_usual_gaps() -> None:
    assert {score.origin for score in category_scores()} == set(drugstore_shop().schedule.origins)
    newest = {
        score.contestant: score.metrics
        for score in category_scores()
        if score.origin == drugstore_shop().schedule.origins[0]
    }
    assert {"all", "category", "category's median gap", "own median gap"} <= set(newest)
    lines = [newest[level]["lines"] for level in ("category", "customer", "population") if level in newest]
    assert sum(lines) <= newest["all"]["lines"] == newest["own median gap"]["lines"]


def test_the_hazard_ranks_better_than_a_calendar_and_means_what_it_says() -> None:
    for origin in drugstore_shop().schedule.origins:
        metrics = {score.contestant: score.metrics for score in category_scores() if score.origin == origin}
        assert metrics["all"]["auc"] > metrics["own median gap"]["auc"]
        assert metrics["all"]["auc"] > metrics["days ordered so far"]["auc"]
        assert metrics["all"]["ece"] < 0.08


def test_lines_are_judged_beside_their_own_customers_forecast() -> None:
    for one in run_backtest():
        assert one.categories is not None
        categories = one.categories
        recency = one.rows.column("recency_days")[categories.forecast.lines.row]
        assert (recency <= categories.rows.cutoff - categories.rows.lines.last_day + 1e-6).all()
        assert (one.rows.column("order_days")[categories.forecast.lines.row] == categories.rows.lines.order_days).all()


def test_categories_of_those_who_sent_everything_back_are_left_out() -> None:
    shop, newest = drugstore_shop(), run_backtest()[0]
    limit, now = Cutoff.from_day(newest.origin, ZONE), Cutoff.from_day(shop.schedule.as_of, ZONE)
    until = [Cutoff.from_day(day, ZONE) for day in shop.schedule.cutoffs if day < newest.origin]
    buyers = buyer_mask(shop.data.rows(now, shop.plan.outcome_horizons, [limit]))
    without_last = buyers & (np.cumsum(buyers) <= buyers.sum() - 5)
    log, overall = CategoryLog.from_dataset(shop.data, now), steady_forecast([0.01] * int(without_last.sum()))
    assert log is not None
    judged = backtest_categories(log, limit, until, overall, without_last)
    assert judged is not None
    assert newest.categories is not None
    assert judged.rows.lines.row.max() < newest.categories.rows.lines.row.max()
    assert judged.forecast.order_probabilities((28,)).shape == (len(judged.rows), 1)


def test_the_figures_go_with_those_of_the_next_purchase_and_with_no_other() -> None:
    keys = {metric.key for metric in model_metrics("next_purchase", category_scores(), "average")}
    assert {"by_category/auc", "by_category/median_error_days"} <= keys
    assert not model_metrics("churn", category_scores(), "average")
    table = category_score_table("next_purchase", category_scores())[BY_CATEGORY]
    assert len({len(column) for column in table.values()}) == 1
    assert np.isfinite(np.array(table["auc"], dtype=float)).any()
    assert category_score_table("churn", category_scores()) == {}
