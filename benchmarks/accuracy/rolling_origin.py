"""Protocol T, rolling origins: every anchor refitted before each origin, judged on the same customers after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from benchmarks.accuracy import cases
from benchmarks.accuracy.baselines import anchors, seen
from benchmarks.accuracy.interval_coverage import Covered, covered
from benchmarks.accuracy.paired_comparison import Line
from pipelines.run_context import Job
from pipelines.steps.evaluate import Tested
from training.evaluation.backtest import Backtest
from training.evaluation.quality_gate import verdicts
from training.models import MODELS
from training.models.churn import churned


def answering(job: Job, tested: Tested) -> dict[str, str]:
    """The rung that the gate lets answer each question."""
    return {
        name: verdicts(tested.tests, model, job.readiness.tiers_for(name) or job.readiness.tiers, None)[-1].tier
        for name, model in MODELS.items()
    }


def lines(log: str, tested: Tested, tiers: Mapping[str, str]) -> Iterator[Line]:
    """Every question, origin and anchor of one log; ours is the rung that answers it."""
    for test in tested.tests:
        yield from _churn(log, test, tiers["churn"])
        yield from _next_purchase(log, test, tiers["next_purchase"])
        yield from _spend(log, test, tiers["ltv"])


def intervals(log: str, tested: Tested, tiers: Mapping[str, str]) -> Iterator[Covered]:
    """The served interval of every learned horizon's spend at every origin."""
    for test in tested.tests:
        forecast, rows = test.forecasts[tiers["ltv"]], test.test
        if forecast.spend is None:
            continue
        for days in test.plan.learned:
            actual, recency = rows.outcomes.spend_within(days), rows.column("recency_days")
            where, at, spend = f"{test.origin}, {days} d", forecast.horizons.index(days), forecast.spend
            said = spend.p10[:, at], spend.median[:, at], spend.p90[:, at]
            yield covered(
                log=log, protocol="T", where=where, rung=tiers["ltv"], said=said, actual=actual, recency=recency
            )


def _stage(log: str, test: Backtest, days: int) -> cases.Stage:
    told = seen(test.test)
    return cases.Stage(log=log, protocol="T", origin=str(test.origin), anchors=anchors(told, told, days))


def _churn(log: str, test: Backtest, tier: str) -> Iterator[Line]:
    days = test.plan.judged_churn_days
    ranks = {name: simple(test.test, test.plan) for name, simple in MODELS["churn"].baselines.items()}
    ours = cases.Ours.of(tier, {name: 1 - one.within(days) for name, one in test.forecasts.items()})
    yield from cases.churn(_stage(log, test, days), days, ours, churned(test.test.outcomes, days), ranks)


def _next_purchase(log: str, test: Backtest, tier: str) -> Iterator[Line]:
    others = {name: simple(test.test, test.plan) for name, simple in MODELS["next_purchase"].baselines.items()}
    stage = cases.Stage(log=log, protocol="T", origin=str(test.origin), anchors=())
    gap = test.test.column("median_gap_days")
    others["own median gap from today"] = np.where(np.isnan(gap), np.nanmedian(gap), gap)
    yield from cases.next_purchase(stage, tier, test.forecasts, test.test.outcomes, others)


def _spend(log: str, test: Backtest, tier: str) -> Iterator[Line]:
    forecast, days = test.forecasts[tier], test.plan.learned[-1]
    if forecast.spend is None:
        return
    at, outcomes, stage = forecast.horizons.index(days), test.test.outcomes, _stage(log, test, days)
    simple = {"last window": MODELS["ltv"].baselines["last window"](test.test, test.plan)}
    mean, median = (
        cases.Ours.of(tier, {name: getattr(one.spend, what)[:, at] for name, one in test.forecasts.items()})
        for what in ("mean", "median")
    )
    yield from cases.spend(stage, days, mean, median, outcomes.spend_within(days), simple)
    counts = cases.Ours.of(tier, {name: one.expected_orders[:, at] for name, one in test.forecasts.items()})
    yield from cases.orders(stage, days, counts, outcomes.orders_within(days))
