"""Rolling origins: every anchor refitted before each origin, judged on the same customers after it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.anchors import anchors
from benchmarks.compare import Line, Measure, difference
from pipelines.evaluate import Tested
from pipelines.job import Job
from training import metrics
from training.evaluate import Backtest
from training.gate import verdicts
from training.models import MODELS
from training.models.churn import churned

Floats = NDArray[np.float64]
NEAR = 60.0


def lines(log: str, job: Job, tested: Tested) -> Iterator[Line]:
    """Every question, origin and anchor of one log; ours is the rung that the gate lets answer."""
    tiers = {
        name: verdicts(tested.tests, model, job.readiness.tiers_for(name) or job.readiness.tiers, None)[-1].tier
        for name, model in MODELS.items()
    }
    for test in tested.tests:
        yield from _churn(log, test, tiers["churn"])
        yield from _next_purchase(log, test, tiers["next_purchase"])
        yield from _spend(log, test, tiers["ltv"])


def _churn(log: str, test: Backtest, tier: str) -> Iterator[Line]:
    days = test.plan.judged_churn_days
    actual, ours = churned(test.test.outcomes, days), 1 - test.forecasts[tier].within(days)
    others = {name: simple(test.test, test.plan) for name, simple in MODELS["churn"].baselines.items()}
    others |= {
        one.name: np.full(len(actual), np.nan) if one.expected_orders is None else -one.expected_orders
        for one in anchors(test.test, days)
    }
    for name, theirs in others.items():
        yield _line(log, test, f"churn {days} d", "AUC", metrics.auc, ours, tier, name, theirs, actual, higher=True)


def _next_purchase(log: str, test: Backtest, tier: str) -> Iterator[Line]:
    wait, limit = test.test.outcomes.wait_days, min(NEAR, float(test.test.outcomes.follow_days.min()))
    near = wait < limit
    ours = np.minimum(test.forecasts[tier].day_of(0.5), limit)[near]
    theirs = np.minimum(MODELS["next_purchase"].baselines["own median gap"](test.test, test.plan), limit)[near]
    for measure, rule, higher in (("MAE days", metrics.mae, False), ("within 3 days", _within_3, True)):
        yield _line(
            log, test, "next purchase", measure, rule, ours, tier, "own median gap", theirs, wait[near], higher=higher
        )


def _spend(log: str, test: Backtest, tier: str) -> Iterator[Line]:
    forecast, days = test.forecasts[tier], test.plan.learned[-1]
    assert forecast.spend is not None
    actual, ours = test.test.outcomes.spend_within(days), forecast.spend.mean[:, forecast.horizons.index(days)]
    others = {"last window": MODELS["ltv"].baselines["last window"](test.test, test.plan)}
    others |= {
        f"{one.name} x Gamma-Gamma": np.full(len(actual), np.nan) if one.expected_spend is None else one.expected_spend
        for one in anchors(test.test, days)
    }
    for name, theirs in others.items():
        for measure, rule, higher in (
            ("Gini", metrics.normalised_gini, True),
            ("RMSE", metrics.rmse, False),
            ("decile MAPE", metrics.decile_mape, False),
            ("abs(bias)", _off, False),
        ):
            yield _line(log, test, f"spend {days} d", measure, rule, ours, tier, name, theirs, actual, higher=higher)


def _line(
    log: str, test: Backtest, question: str, measure: str, rule: Measure, ours: Floats, tier: str,
    name: str, theirs: Floats, actual: Floats, *, higher: bool,
) -> Line:  # fmt: skip
    values = difference(rule, ours, theirs, actual, higher_is_better=higher)
    return Line(log, str(test.origin), question, measure, values[0], tier, name, *values[1:])


def _within_3(predicted: Floats, actual: Floats) -> float:
    return float(np.mean(np.abs(predicted - actual) <= 3))


def _off(predicted: Floats, actual: Floats) -> float:
    return abs(metrics.bias(predicted, actual))
