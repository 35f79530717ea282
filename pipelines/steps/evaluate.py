"""Rolling-origin back-test with baselines: as a table for people, as MLflow runs for reviewers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from features.arrays import Floats
from features.errors import NotEnoughData
from features.online.arrow_rows import feature_rows
from features.online.feature_rows import FeatureRows
from pipelines.registration import churn_rules, lineage
from pipelines.run_context import RunContext
from pipelines.steps import publish
from training.dataset.point_in_time import Dataset, build_dataset
from training.dataset.population import known_customers
from training.evaluation.backtest import Backtest, BacktestScore, backtest, scores
from training.evaluation.churn_rule_limits import RuleLimit
from training.evaluation.churn_rules import RuleResult
from training.evaluation.quality_gate import GateDecision, evaluate_gate
from training.models import MODELS
from training.reporting import report


@dataclass(frozen=True)
class BacktestResult:
    """What the back-test found."""

    data: Dataset
    tests: list[Backtest]
    scores: list[BacktestScore]
    rule_results: Sequence[RuleResult] = ()
    rule_flags: Mapping[str, Floats] = field(default_factory=dict)  # by rule, (n,) of the newest test's rows
    rule_limits: Sequence[RuleLimit] = ()

    def with_churn_rules(self, context: RunContext, tier: str) -> BacktestResult:
        """The same, with the business' own churn rules judged beside the rung that answers."""
        judged, flagged = churn_rules.evaluate_rules(context, self.data, self.tests, tier)
        return replace(self, rule_results=judged, rule_flags=flagged, rule_limits=context.rule_limits)


class PublishedFeatures:
    """Point-in-time features through Feast."""

    def __init__(self, context: RunContext) -> None:
        from features.store.client import CustomerFeatures

        publish.ensure_feature_tables(context)
        self._store = CustomerFeatures.open(context.home.folder, context.views, publish.TTL_DAYS)
        self._store.apply()
        self._views = context.views

    def as_of(self, customers: pa.Table) -> FeatureRows:
        """Features of (customer_id, event_timestamp) rows, in the order given."""
        return feature_rows(self._store.as_of(customers), self._views)


def run_backtest(context: RunContext) -> BacktestResult:
    """Back-test every rung that the log allows.

    Raises:
        NotEnoughData: an origin was asked for whose windows are not over, or before which there is nothing to learn.
    """
    _check_windows_closed(context)
    published = PublishedFeatures(context)
    known = known_customers(context.home.features, context.cutoffs)
    context.report(f"joining the features of {known['customer_id'].nunique():,} customers point in time")
    data = build_dataset(known, context.cutoffs, context.history, published)
    ready = context.readiness
    tests = backtest(data, context.schedule, ready.plan, ready.tiers, context.config.zone, context.report)
    return BacktestResult(data, tests, scores(tests))


def gate_decisions(context: RunContext, tests: Sequence[Backtest], name: str) -> list[GateDecision]:
    """What the gate says of the rungs for a question, highest first, down to the one that answers."""
    tiers = context.readiness.tiers_for(name) or context.readiness.tiers
    return evaluate_gate(tests, MODELS[name], tiers, context.home.champion_tiers().get(name))


def _check_windows_closed(context: RunContext) -> None:
    longest = context.readiness.plan.learned[-1]
    for origin in context.origins:
        if (context.as_of - origin).days < longest:
            raise NotEnoughData(
                f"The window of {longest} days after {origin} is not over on {context.as_of}. Expected an origin at least "
                f"{longest} days before --as-of: choose an earlier one, or shorter ltv_days."
            )
        if not context.schedule.training_cutoffs(origin, longest):
            raise NotEnoughData(
                f"No window of {longest} days ends before {origin}: the log begins on {context.schedule.first}. "
                "Choose a later origin, or shorter ltv_days."
            )


def run(context: RunContext) -> BacktestResult:
    """Back-test, and log one MLflow run per question."""
    from training.registry import Run

    tested = run_backtest(context)
    if context.config.business.churn_rules:
        tested = tested.with_churn_rules(context, gate_decisions(context, tested.tests, "churn")[-1].tier)
    context.report("logging to MLflow")
    registry, mark = context.home.registry(), lineage.training_fingerprint(context)
    newest, tier = next(iter(tested.tests), None), context.readiness.tiers[0]
    for name in MODELS:
        artefact = newest.fitted_tiers[tier].artifacts.get(name, {}) if newest else {}
        rules = churn_rules.rule_report(name, tested)
        registry.log_run(
            Run(
                name=f"{name} back-test",
                experiment="evaluation",
                fingerprint=mark,
                params={"as_of": str(context.as_of), "tier": tier, "learned_days": str(context.readiness.plan.learned)},
                metrics=[*report.model_metrics(name, tested.scores), *rules.metrics],
                tags={"git_commit": lineage.git_commit()},
                figures={**(report.model_figures(name, newest, tier, artefact) if newest else {}), **rules.figures},
                tables={**report.category_score_table(name, tested.scores), **rules.tables},
            )
        )
    return tested
