"""Rolling origins (protocol T): baselines are refitted before each origin, and compared on the same customers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.accuracy import cases
from benchmarks.accuracy.anchors import Anchors
from benchmarks.accuracy.baselines import btyd_histories
from benchmarks.accuracy.interval_coverage import IntervalCoverage, interval_coverage
from benchmarks.accuracy.paired_comparison import ComparisonRow
from benchmarks.accuracy.visits import Visits
from features.calendar import day_number
from pipelines.registration.backtest_result import BacktestResult
from pipelines.run_context import RunContext
from training.evaluation.backtest import Backtest
from training.models import MODELS
from training.models.churn import churn_label


def comparison_rows(log: str, context: RunContext, backtest_result: BacktestResult) -> Iterator[ComparisonRow]:
    """Compare every question at every origin with every baseline; ours is the tier that answers."""
    tier = context.readiness.tier
    visits = _read_visits(context)
    position = {customer: index for index, customer in enumerate(visits.customers)}
    ids = {number: customer for customer, number in backtest_result.data.customer_numbers.items()}
    for test in backtest_result.tests:
        positions = np.array([position[ids[number]] for number in test.rows.customer.tolist()])
        origin, histories = day_number(test.origin), btyd_histories(test.rows)
        anchors = Anchors.fit(visits, origin, positions, histories)
        yield from _churn_rows(log, test, tier, anchors)
        yield from _next_purchase_rows(log, test, tier)
        yield from _spend_rows(log, test, tier, anchors)


def interval_coverages(log: str, backtest_result: BacktestResult, tier: str) -> Iterator[IntervalCoverage]:
    """Measure the served spend interval of every learned horizon at every origin."""
    for test in backtest_result.tests:
        forecast, rows = test.forecasts[tier], test.rows
        if forecast.spend is None:
            continue
        for days in test.plan.learned:
            actual, recency = rows.outcomes.spend_within(days), rows.column("recency_days")
            origin, index, spend = f"{test.origin}, {days} d", forecast.horizons.index(days), forecast.spend
            quantiles = spend.p10[:, index], spend.median[:, index], spend.p90[:, index]
            yield interval_coverage(
                log=log,
                protocol="T",
                origin=origin,
                tier=tier,
                quantiles=quantiles,
                actual=actual,
                recency=recency,
            )


def _read_visits(context: RunContext) -> Visits:
    lines = context.history.lines
    names = ["customer_id", "order_id", "day_number", *(["amount"] if context.history.has_amounts else [])]
    return Visits.from_lines(lines.select(*names).to_pandas().rename(columns={"day_number": "day"}))


def _setting(log: str, test: Backtest, days: int, anchors: Anchors) -> cases.EvaluationSetting:
    return cases.EvaluationSetting(log=log, protocol="T", origin=str(test.origin), baselines=anchors.forecasts(days))


def _churn_rows(log: str, test: Backtest, tier: str, anchors: Anchors) -> Iterator[ComparisonRow]:
    days = test.plan.evaluated_churn_days
    ranks = {name: simple(test.rows, test.plan) for name, simple in MODELS["churn"].baselines.items()}
    our_forecast = cases.OurForecast.from_tiers(
        tier, {name: 1 - forecast.order_probability(days) for name, forecast in test.forecasts.items()}
    )
    yield from cases.churn_rows(
        _setting(log, test, days, anchors), days, our_forecast, churn_label(test.rows.outcomes, days), ranks
    )


def _next_purchase_rows(log: str, test: Backtest, tier: str) -> Iterator[ComparisonRow]:
    baselines = {name: simple(test.rows, test.plan) for name, simple in MODELS["next_purchase"].baselines.items()}
    setting = cases.EvaluationSetting(log=log, protocol="T", origin=str(test.origin), baselines=())
    gap = test.rows.column("median_gap_days")
    baselines["own median gap from today"] = np.where(np.isnan(gap), np.nanmedian(gap), gap)
    yield from cases.next_purchase_rows(setting, tier, test.forecasts, test.rows.outcomes, baselines)
    days = test.plan.evaluated_churn_days
    yield from cases.date_rows(setting, days, tier, test.forecasts, test.rows.outcomes, baselines)


def _spend_rows(log: str, test: Backtest, tier: str, anchors: Anchors) -> Iterator[ComparisonRow]:
    forecast, days = test.forecasts[tier], test.plan.learned[-1]
    if forecast.spend is None:
        return
    index, outcomes, setting = forecast.horizons.index(days), test.rows.outcomes, _setting(log, test, days, anchors)
    simple = {"last window": MODELS["ltv"].baselines["last window"](test.rows, test.plan)}
    mean, median = (
        cases.OurForecast.from_tiers(
            tier,
            {name: getattr(tier_forecast.spend, quantity)[:, index] for name, tier_forecast in test.forecasts.items()},
        )
        for quantity in ("mean", "median")
    )
    yield from cases.spend_rows(setting, days, mean, median, outcomes.spend_within(days), simple)
    counts = cases.OurForecast.from_tiers(
        tier, {name: tier_forecast.expected_orders[:, index] for name, tier_forecast in test.forecasts.items()}
    )
    yield from cases.order_rows(setting, days, counts, outcomes.orders_within(days))
