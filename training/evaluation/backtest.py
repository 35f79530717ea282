"""Rolling origins: every rung refitted before each origin, then judged on what happened after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from features.history import Cutoff
from training.dataset.category_rows import CategoryLog
from training.dataset.outcomes import Rows
from training.dataset.point_in_time import Dataset
from training.dataset.schedule import Schedule
from training.evaluation.category_backtest import CategoryBacktest, backtest_categories
from training.fitting.fit import Fitted, buyers, fit_rungs
from training.inference.forecast import Forecast
from training.model import Plan
from training.models import MODELS

BY_CATEGORY = "by_category"  # scores of the next purchase per category, beside those of the three questions


@dataclass(frozen=True)
class Backtest:
    """One origin: the rungs as they would have been released then, and what then happened to those who had ordered."""

    origin: date
    plan: Plan
    test: Rows
    forecasts: Mapping[str, Forecast]  # tier -> forecast of the test rows
    fitted: Mapping[str, Fitted]
    categories: CategoryBacktest | None = None  # None for a log without categories


@dataclass(frozen=True)
class Score:
    """The measures of one rung, or one named baseline, for one question at one origin."""

    model: str
    origin: date
    who: str
    metrics: Mapping[str, float]


def backtest(
    data: Dataset,
    laid: Schedule,
    plan: Plan,
    tiers: Sequence[str],
    zone: ZoneInfo,
    say: Callable[[str], None] = lambda _: None,
) -> list[Backtest]:
    """Fit before, and test after, every origin of the schedule; newest first.

    No outcome from the origin on is used in training: rows are made with the origin as their limit.
    """
    now = Cutoff.of(laid.as_of, zone)
    later, found = CategoryLog.before(data, now), []
    for origin in laid.origins:
        say(f"testing at {origin:%Y-%m-%d}")
        limit = Cutoff.of(origin, zone)
        before = [Cutoff.of(day, zone) for day in laid.cutoffs if day < origin]
        fitted = fit_rungs(data.rows(limit, plan.observed, before), plan, tuple(tiers))
        everybody = data.rows(now, plan.observed, [limit])
        bought = buyers(everybody)
        test = everybody.at(bought)
        forecasts = {
            tier: one.ladder.forecast(test.inputs, test.column("orders")) for tier, one in fitted.items() if len(test)
        }
        if len(test):
            overall = forecasts[tiers[0]]
            categories = None if later is None else backtest_categories(later, limit, before, overall, bought)
            found.append(Backtest(origin, plan, test, forecasts, fitted, categories))
    return found


def scores(tests: Sequence[Backtest]) -> list[Score]:
    """Every rung and every named baseline, question by question, origin by origin."""
    found = []
    for test in tests:
        outcomes, plan = test.test.outcomes, test.plan
        for name, model in MODELS.items():
            for tier, forecast in test.forecasts.items():
                found.append(Score(name, test.origin, tier, model.metrics(outcomes, plan, forecast)))
            for baseline, simple in model.baselines.items():
                measured = model.compare(outcomes, plan, simple(test.test, plan))
                found.append(Score(name, test.origin, baseline, measured))
        if test.categories is not None:
            found += [Score(BY_CATEGORY, test.origin, who, of) for who, of in test.categories.measures().items()]
    return found
