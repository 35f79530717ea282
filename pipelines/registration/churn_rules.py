"""Churn rule evaluation: compares the churn rules of flywheel.toml with the model on the shop's back-tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from features.arrays import Floats
from features.history import Cutoff
from pipelines.registration.backtest_result import BacktestResult
from pipelines.run_context import RunContext
from training.dataset.point_in_time import Dataset
from training.evaluation.backtest import Backtest
from training.evaluation.churn_rules import Inactivity, RuleResult, compare_rules, flag_customers, inactivity_at_origin
from training.models import MODELS
from training.registry.run_record import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def evaluate_rules(
    context: RunContext, data: Dataset, tests: Sequence[Backtest], tier: str
) -> tuple[list[RuleResult], dict[str, Floats]]:
    """Compare every rule with the churn tier; also return each rule's flags at the newest origin, (n,) of 0 and 1."""
    rules = context.config.business.churn_rules
    if not rules or not tests:
        return [], {}
    inactivity, newest = {test.origin: _inactivity(context, data, test) for test in tests}, tests[0]
    flagged = {
        name: flag_customers(newest, rule, inactivity[newest.origin], tier).by_rule for name, rule in rules.items()
    }
    return compare_rules(tests, rules, inactivity, context.schedule.first, tier), flagged


def with_churn_rules(backtest_result: BacktestResult, context: RunContext, tier: str) -> BacktestResult:
    """Return the back-test result with the churn rules added, each compared with the tier that serves."""
    results, flags = evaluate_rules(context, backtest_result.data, backtest_result.tests, tier)
    return replace(backtest_result, rule_results=results, rule_flags=flags, rule_limits=context.rule_limits)


@dataclass(frozen=True)
class RuleReport:
    """The tables and figures of the rules in MLflow."""

    tables: Mapping[str, Table] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)


def rule_report(model_name: str, backtest_result: BacktestResult) -> RuleReport:
    """Build the report of the rules, with figures of the newest origin; empty without rules, or for another model."""
    from training.reporting.churn_rule_report import rule_figure, rule_table

    if not MODELS[model_name].against_churn_rules or not backtest_result.rule_results:
        return RuleReport()
    newest, tier = backtest_result.tests[0], backtest_result.rule_results[0].tier
    return RuleReport(
        tables={"churn_rules": rule_table(backtest_result.rule_results)},
        figures={"churn_rules": rule_figure(newest, tier, backtest_result.rule_flags)},
    )


def _inactivity(context: RunContext, data: Dataset, test: Backtest) -> Inactivity:
    cutoff, events = Cutoff.from_day(test.origin, context.config.zone), context.config.events
    return inactivity_at_origin(data, test, cutoff, events.contact_kinds if events else ())
