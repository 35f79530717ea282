"""Rolling origins: every anchor refitted before each origin, judged on the same customers after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Case:
    """Our answers to one question at one origin, and what then happened."""

    log: str
    origin: str
    question: str
    rung: str
    ours: Floats  # (n,)
    actual: Floats  # (n,)

    def line(self, measure: str, rule: Measure, anchor: str, theirs: Floats, *, higher: bool) -> Line:
        """Beside an anchor's answers, (n,)."""
        ours, other, low, high = difference(rule, self.ours, theirs, self.actual, higher_is_better=higher)
        return Line(self.log, self.origin, self.question, measure, ours, self.rung, anchor, other, low, high)


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
    case = Case(log, str(test.origin), f"churn {days} d", tier, ours, actual)
    for name, theirs in others.items():
        yield case.line("AUC", metrics.auc, name, theirs, higher=True)


def _next_purchase(log: str, test: Backtest, tier: str) -> Iterator[Line]:
    wait, limit = test.test.outcomes.wait_days, min(NEAR, float(test.test.outcomes.follow_days.min()))
    near = wait < limit
    ours = np.minimum(test.forecasts[tier].day_of(0.5), limit)[near]
    theirs = np.minimum(MODELS["next_purchase"].baselines["own median gap"](test.test, test.plan), limit)[near]
    case = Case(log, str(test.origin), "next purchase", tier, ours, wait[near])
    yield case.line("MAE days", metrics.mae, "own median gap", theirs, higher=False)
    yield case.line("within 3 days", _within_3, "own median gap", theirs, higher=True)


def _spend(log: str, test: Backtest, tier: str) -> Iterator[Line]:
    forecast, days = test.forecasts[tier], test.plan.learned[-1]
    if forecast.spend is None:
        return
    actual, ours = test.test.outcomes.spend_within(days), forecast.spend.mean[:, forecast.horizons.index(days)]
    others = {"last window": MODELS["ltv"].baselines["last window"](test.test, test.plan)}
    others |= {
        f"{one.name} x Gamma-Gamma": np.full(len(actual), np.nan) if one.expected_spend is None else one.expected_spend
        for one in anchors(test.test, days)
    }
    case = Case(log, str(test.origin), f"spend {days} d", tier, ours, actual)
    for name, theirs in others.items():
        yield case.line("Gini", metrics.normalised_gini, name, theirs, higher=True)
        yield case.line("RMSE", metrics.rmse, name, theirs, higher=False)
        yield case.line("decile MAPE", metrics.decile_mape, name, theirs, higher=False)
        yield case.line("abs(bias)", _off, name, theirs, higher=False)


def _within_3(predicted: Floats, actual: Floats) -> float:
    return float(np.mean(np.abs(predicted - actual) <= 3))


def _off(predicted: Floats, actual: Floats) -> float:
    return abs(metrics.bias(predicted, actual))
