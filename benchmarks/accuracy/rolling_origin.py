"""Protocol T, rolling origins: every anchor refitted before each origin, judged on the same customers after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from benchmarks.accuracy import cases
from benchmarks.accuracy.baselines import btyd_histories, fit_baselines
from benchmarks.accuracy.interval_coverage import IntervalCoverage, interval_coverage
from benchmarks.accuracy.paired_comparison import ComparisonRow
from pipelines.run_context import RunContext
from pipelines.steps.evaluate import BacktestResult
from training.evaluation.backtest import Backtest
from training.evaluation.quality_gate import evaluate_gate
from training.models import MODELS
from training.models.churn import churn_label


def answering_tiers(context: RunContext, backtest_result: BacktestResult) -> dict[str, str]:
    """The rung that the gate lets answer each question."""
    return {
        name: evaluate_gate(
            backtest_result.tests, model, context.readiness.tiers_for(name) or context.readiness.tiers, None
        )[-1].tier
        for name, model in MODELS.items()
    }


def comparison_rows(log: str, backtest_result: BacktestResult, tiers: Mapping[str, str]) -> Iterator[ComparisonRow]:
    """Every question, origin and anchor of one log; ours is the rung that answers it."""
    for test in backtest_result.tests:
        yield from _churn_rows(log, test, tiers["churn"])
        yield from _next_purchase_rows(log, test, tiers["next_purchase"])
        yield from _spend_rows(log, test, tiers["ltv"])


def interval_coverages(
    log: str, backtest_result: BacktestResult, tiers: Mapping[str, str]
) -> Iterator[IntervalCoverage]:
    """The served interval of every learned horizon's spend at every origin."""
    for test in backtest_result.tests:
        forecast, rows = test.forecasts[tiers["ltv"]], test.rows
        if forecast.spend is None:
            continue
        for days in test.plan.learned:
            actual, recency = rows.outcomes.spend_within(days), rows.column("recency_days")
            where, at, spend = f"{test.origin}, {days} d", forecast.horizons.index(days), forecast.spend
            said = spend.p10[:, at], spend.median[:, at], spend.p90[:, at]
            yield interval_coverage(
                log=log, protocol="T", origin=where, tier=tiers["ltv"], quantiles=said, actual=actual, recency=recency
            )


def _setting(log: str, test: Backtest, days: int) -> cases.EvaluationSetting:
    told = btyd_histories(test.rows)
    return cases.EvaluationSetting(
        log=log, protocol="T", origin=str(test.origin), baselines=fit_baselines(told, told, days)
    )


def _churn_rows(log: str, test: Backtest, tier: str) -> Iterator[ComparisonRow]:
    days = test.plan.evaluated_churn_days
    ranks = {name: simple(test.rows, test.plan) for name, simple in MODELS["churn"].baselines.items()}
    ours = cases.OurForecast.from_tiers(
        tier, {name: 1 - one.order_probability(days) for name, one in test.forecasts.items()}
    )
    yield from cases.churn_rows(_setting(log, test, days), days, ours, churn_label(test.rows.outcomes, days), ranks)


def _next_purchase_rows(log: str, test: Backtest, tier: str) -> Iterator[ComparisonRow]:
    others = {name: simple(test.rows, test.plan) for name, simple in MODELS["next_purchase"].baselines.items()}
    stage = cases.EvaluationSetting(log=log, protocol="T", origin=str(test.origin), baselines=())
    gap = test.rows.column("median_gap_days")
    others["own median gap from today"] = np.where(np.isnan(gap), np.nanmedian(gap), gap)
    yield from cases.next_purchase_rows(stage, tier, test.forecasts, test.rows.outcomes, others)


def _spend_rows(log: str, test: Backtest, tier: str) -> Iterator[ComparisonRow]:
    forecast, days = test.forecasts[tier], test.plan.learned[-1]
    if forecast.spend is None:
        return
    at, outcomes, stage = forecast.horizons.index(days), test.rows.outcomes, _setting(log, test, days)
    simple = {"last window": MODELS["ltv"].baselines["last window"](test.rows, test.plan)}
    mean, median = (
        cases.OurForecast.from_tiers(
            tier, {name: getattr(one.spend, what)[:, at] for name, one in test.forecasts.items()}
        )
        for what in ("mean", "median")
    )
    yield from cases.spend_rows(stage, days, mean, median, outcomes.spend_within(days), simple)
    counts = cases.OurForecast.from_tiers(
        tier, {name: one.expected_orders[:, at] for name, one in test.forecasts.items()}
    )
    yield from cases.order_rows(stage, days, counts, outcomes.orders_within(days))
