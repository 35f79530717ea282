"""Rolling-origin back-test: every tier is refitted before each origin and evaluated on the outcomes after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np

from features.arrays import Floats
from features.history import Cutoff
from training.dataset.category_rows import CategoryLog
from training.dataset.outcomes import Rows
from training.dataset.plan import HorizonPlan
from training.dataset.point_in_time import Dataset
from training.dataset.schedule import Schedule
from training.evaluation.category_backtest import SHOWN_METRICS, CategoryBacktest, backtest_categories
from training.fitting.average.level import LevelShares, LogRatios, learn_level_shares
from training.fitting.average.origin_weights import OriginScores
from training.fitting.fit import BacktestEvidence, FittedTier, buyer_mask, fit_tiers
from training.inference.forecast import Forecast
from training.models import MODEL_ORDER, MODELS

BY_CATEGORY = "by_category"  # scores of the next purchase per category, beside those of the models


@dataclass(frozen=True)
class Backtest:
    """Back-test at one origin: the tiers fitted on the data before it, and the outcomes of the buyers after it."""

    origin: date
    plan: HorizonPlan
    rows: Rows
    forecasts: Mapping[str, Forecast]  # tier -> forecast of the test rows
    fitted_tiers: Mapping[str, FittedTier]
    categories: CategoryBacktest | None = None  # None for a log without categories


@dataclass(frozen=True)
class BacktestScore:
    """Metrics of one tier, or of one named baseline, for one model at one origin."""

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
    """Fit the tiers before every origin of the schedule and test them after it; newest first.

    Training uses no outcome from the origin on: rows are made with the origin as their limit. An origin without
    buyers is left out.
    """
    now = Cutoff.from_day(schedule.as_of, zone)
    category_log, tests = CategoryLog.from_dataset(data, now), []
    for origin in schedule.origins:
        report(f"testing at {origin:%Y-%m-%d}")
        limit = Cutoff.from_day(origin, zone)
        until = [Cutoff.from_day(day, zone) for day in schedule.cutoffs if day <= origin]
        fitted = fit_tiers(data.rows(limit, plan.outcome_horizons, until), plan, limit.day_number, tiers)
        rows = data.rows(now, plan.outcome_horizons, [limit])
        buyers = buyer_mask(rows)
        test_rows = rows.select(buyers)
        forecasts = {
            tier: fitted_tier.tiered_model.forecast(test_rows.inputs, test_rows.column("orders"))
            for tier, fitted_tier in fitted.items()
            if len(test_rows)
        }
        if len(test_rows):
            categories = (
                None
                if category_log is None
                else backtest_categories(category_log, limit, until[:-1], forecasts[tiers[0]], buyers)
            )
            tests.append(Backtest(origin, plan, test_rows, forecasts, fitted, categories))
    return tests


def scores(tests: Sequence[Backtest]) -> list[BacktestScore]:
    """Scores of every tier and every named baseline, by origin and model, then of the categories."""
    scored = []
    for test in tests:
        outcomes, plan = test.rows.outcomes, test.plan
        for name, model in MODELS.items():
            for tier, forecast in test.forecasts.items():
                scored.append(BacktestScore(name, test.origin, tier, model.metrics(outcomes, plan, forecast)))
            for baseline, score in model.baselines.items():
                metrics = model.compare(outcomes, plan, score(test.rows, plan))
                scored.append(BacktestScore(name, test.origin, baseline, metrics))
        if test.categories is not None:
            scored += [
                BacktestScore(BY_CATEGORY, test.origin, contestant, metrics)
                for contestant, metrics in test.categories.metrics().items()
            ]
    return scored


def shown_metrics() -> Iterator[tuple[str, Sequence[str]]]:
    """Names of models, or BY_CATEGORY, with the metrics that ``flywheel evaluate`` shows of them, in order."""
    for name in MODEL_ORDER:
        yield name, MODELS[name].shown_metrics
        if MODELS[name].by_category:
            yield BY_CATEGORY, SHOWN_METRICS


def backtest_evidence(tests: Sequence[Backtest], tier: str) -> BacktestEvidence:
    """What the test origins teach a release: the shares of its level, and how its members ranked customers there."""
    averages = [(test, test.fitted_tiers[tier].average) for test in tests]
    origins = [
        OriginScores.of_tier(average.tier, test.rows.inputs, test.rows.outcomes.ordered_within(average.tier.churn.days))
        for test, average in averages
        if average is not None
    ]
    return BacktestEvidence(learn_shares(tests, tier), tuple(origins))


def learn_shares(tests: Sequence[Backtest], tier: str) -> LevelShares:
    """How much of the season and of the pace the level follows, learned from the errors at the origins without it."""
    levels, errors = [], []
    for test in tests:
        fitted = test.fitted_tiers[tier]
        if fitted.level is None:
            continue
        days, longest, outcomes = test.plan.evaluated_churn_days, test.plan.learned[-1], test.rows.outcomes
        unleveled = replace(fitted.tiered_model, seasonality=None)
        forecast = unleveled.forecast(test.rows.inputs, test.rows.column("orders"))
        expected = forecast.expected_orders[:, forecast.horizons.index(longest)]
        levels.append(fitted.level)
        errors.append(
            LogRatios(
                _log_error(outcomes.ordered_within(days), forecast.order_probability(days)),
                _log_error(outcomes.orders_within(longest), expected),
            )
        )
    return learn_level_shares(levels, errors)


def _log_error(actual: Floats, predicted: Floats) -> float:
    return float(np.log(max(float(actual.sum()), 0.5) / max(float(predicted.sum()), 0.5)))
