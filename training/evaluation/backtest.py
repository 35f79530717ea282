"""Rolling origins: every rung refitted before each origin, then judged on what happened after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from features.history import Cutoff
from training.dataset.category_rows import CategoryLog
from training.dataset.outcomes import Rows
from training.dataset.point_in_time import Dataset
from training.dataset.schedule import Schedule
from training.evaluation.category_backtest import SHOWN_METRICS, CategoryBacktest, backtest_categories
from training.fitting.fit import FittedTier, buyer_mask, fit_tiers
from training.inference.forecast import Forecast
from training.model import HorizonPlan
from training.models import ANSWER_ORDER, MODELS

BY_CATEGORY = "by_category"  # scores of the next purchase per category, beside those of the three questions


@dataclass(frozen=True)
class Backtest:
    """One origin: the rungs as they would have been released then, and what then happened to those who had ordered."""

    origin: date
    plan: HorizonPlan
    rows: Rows
    forecasts: Mapping[str, Forecast]  # tier -> forecast of the test rows
    fitted_tiers: Mapping[str, FittedTier]
    categories: CategoryBacktest | None = None  # None for a log without categories


@dataclass(frozen=True)
class BacktestScore:
    """The measures of one rung, or one named baseline, for one question at one origin."""

    model: str
    origin: date
    contestant: str
    metrics: Mapping[str, float]


def backtest(
    data: Dataset,
    schedule: Schedule,
    plan: HorizonPlan,
    tiers: Sequence[str],
    zone: ZoneInfo,
    report: Callable[[str], None] = lambda _: None,
) -> list[Backtest]:
    """Fit before, and test after, every origin of the schedule; newest first.

    No outcome from the origin on is used in training: rows are made with the origin as their limit.
    """
    now = Cutoff.from_day(schedule.as_of, zone)
    later, found = CategoryLog.from_dataset(data, now), []
    for origin in schedule.origins:
        report(f"testing at {origin:%Y-%m-%d}")
        limit = Cutoff.from_day(origin, zone)
        before = [Cutoff.from_day(day, zone) for day in schedule.cutoffs if day < origin]
        fitted = fit_tiers(data.rows(limit, plan.outcome_horizons, before), plan, tuple(tiers))
        everybody = data.rows(now, plan.outcome_horizons, [limit])
        bought = buyer_mask(everybody)
        test = everybody.select(bought)
        forecasts = {
            tier: one.tiered_model.forecast(test.inputs, test.column("orders"))
            for tier, one in fitted.items()
            if len(test)
        }
        if len(test):
            overall = forecasts[tiers[0]]
            categories = None if later is None else backtest_categories(later, limit, before, overall, bought)
            found.append(Backtest(origin, plan, test, forecasts, fitted, categories))
    return found


def scores(tests: Sequence[Backtest]) -> list[BacktestScore]:
    """Every rung and every named baseline, question by question, origin by origin."""
    found = []
    for test in tests:
        outcomes, plan = test.rows.outcomes, test.plan
        for name, model in MODELS.items():
            for tier, forecast in test.forecasts.items():
                found.append(BacktestScore(name, test.origin, tier, model.metrics(outcomes, plan, forecast)))
            for baseline, simple in model.baselines.items():
                measured = model.compare(outcomes, plan, simple(test.rows, plan))
                found.append(BacktestScore(name, test.origin, baseline, measured))
        if test.categories is not None:
            found += [BacktestScore(BY_CATEGORY, test.origin, who, of) for who, of in test.categories.metrics().items()]
    return found


def shown_metrics() -> Iterator[tuple[str, Sequence[str]]]:
    """The metrics that a person is shown, by the name under which they are scored."""
    for name in ANSWER_ORDER:
        yield name, MODELS[name].shown_metrics
        if MODELS[name].by_category:
            yield BY_CATEGORY, SHOWN_METRICS
