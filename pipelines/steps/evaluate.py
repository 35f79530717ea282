"""Back-test: evaluates every tier on rolling origins, compares it with baselines, and logs one MLflow run per model."""

from __future__ import annotations

import pyarrow as pa

from features.errors import NotEnoughData
from features.online.arrow_rows import feature_rows
from features.online.feature_rows import FeatureRows
from pipelines.learning.predictions.treatments import read_treatments
from pipelines.registration import churn_rules, lineage
from pipelines.registration.backtest_result import BacktestResult
from pipelines.run_context import RunContext
from pipelines.steps import publish
from training.dataset.point_in_time import build_dataset
from training.dataset.population import known_customers
from training.dataset.treated_windows import leave_out_treated
from training.evaluation.backtest import backtest, scores
from training.models import MODELS
from training.reporting import report


class PublishedFeatures:
    """Point-in-time join: reads the feature tables through Feast."""

    def __init__(self, context: RunContext) -> None:
        from features.store.client import CustomerFeatures

        publish.ensure_feature_tables(context)
        self._store = CustomerFeatures.open(context.home.folder, context.views, publish.TTL_DAYS)
        self._store.apply()
        self._views = context.views

    def as_of(self, customers: pa.Table) -> FeatureRows:
        """Return the features of (customer_id, event_timestamp) rows, in the given order."""
        return feature_rows(self._store.as_of(customers), self._views)


def run_backtest(context: RunContext) -> BacktestResult:
    """Back-test every tier that the log allows.

    Raises:
        NotEnoughData: a requested origin has an open window, or no training data before it.
    """
    _check_windows_closed(context)
    published = PublishedFeatures(context)
    population, treated_windows = leave_out_treated(
        known_customers(context.home.features, context.cutoffs),
        context.cutoffs,
        read_treatments(context.home),
        context.readiness.plan.learned,
        context.config.zone,
    )
    if sentence := treated_windows.sentence():
        context.report(sentence)
    context.report(f"joining the features of {population['customer_id'].nunique():,} customers point in time")
    data = build_dataset(population, context.cutoffs, context.history, published)
    state = context.readiness
    tests = backtest(data, context.schedule, state.tested_plan, state.tiers, context.config.zone, context.report)
    return BacktestResult(data, tests, scores(tests), treated_windows=treated_windows)


def _check_windows_closed(context: RunContext) -> None:
    longest = context.readiness.tested_plan.learned[-1]
    for origin in context.origins:
        if (context.as_of - origin).days < longest:
            raise NotEnoughData(
                f"The window of {longest} days after {origin} is still open on {context.as_of}. Expected an origin at "
                f"least {longest} days before --as-of: choose an earlier one, or shorter ltv_days."
            )
        if not context.schedule.training_cutoffs(origin, longest):
            raise NotEnoughData(
                f"No window of {longest} days ends before {origin}: the log begins on {context.schedule.first}. "
                "Choose a later origin, or shorter ltv_days."
            )


def run(context: RunContext) -> BacktestResult:
    """Back-test, and log one MLflow run per model."""
    from training.registry import Run

    result = run_backtest(context)
    if context.config.business.churn_rules:
        result = churn_rules.with_churn_rules(result, context, context.readiness.tier)
    context.report("logging to MLflow")
    registry, fingerprint = context.home.registry(), lineage.training_fingerprint(context)
    newest, tier, plan = next(iter(result.tests), None), context.readiness.tier, context.readiness.tested_plan
    for name in MODELS:
        files = newest.fitted_tiers[tier].files.get(name, {}) if newest else {}
        rules = churn_rules.rule_report(name, result)
        registry.log_run(
            Run(
                name=f"{name} back-test",
                experiment="evaluation",
                fingerprint=fingerprint,
                params={"as_of": str(context.as_of), "tier": tier, "learned_days": str(plan.learned)},
                metrics=report.model_metrics(name, result.scores, tier),
                tags={"git_commit": lineage.git_commit()},
                figures={
                    **(report.model_figures(name, newest, tier, files) if newest else {}),
                    **report.score_figure(name, result.scores, tier),
                    **rules.figures,
                },
                tables={
                    **report.score_table(name, result.scores),
                    **report.category_score_table(name, result.scores),
                    **rules.tables,
                },
            )
        )
    return result
