"""Churn rule report: a table and a figure of the business' own churn rules for MLflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from features.arrays import Floats
from training.evaluation.backtest import Backtest
from training.evaluation.churn_rules import RuleResult
from training.models.churn import churn_label
from training.registry.run_record import Table
from training.reporting import figures


def rule_rows(results: Sequence[RuleResult]) -> list[dict[str, Any]]:
    """The results as flat rows, one per rule and origin; the origin is None over all origins."""
    return [_result_row(result) for result in results]


def rule_table(results: Sequence[RuleResult]) -> Table:
    """The results as columns, with ``all`` for all origins."""
    rows = [{**row, "origin": row["origin"] or "all"} for row in rule_rows(results)]
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}


def rule_figure(test: Backtest, tier: str, by_rule: Mapping[str, Floats]) -> Figure:
    """Precision-recall figure of the model and of the rules at one origin; each rule's flags are (n,) of 0 and 1."""
    days = test.plan.evaluated_churn_days
    return figures.rules_precision_recall(
        1 - test.forecasts[tier].order_probability(days), churn_label(test.rows.outcomes, days), by_rule
    )


def _result_row(result: RuleResult) -> dict[str, Any]:
    gains = {"precision_gain": result.precision_gain, "recall_gain": result.recall_gain}
    plain = {name: value for name, value in vars(result).items() if name not in gains}
    for name, gain in gains.items():
        plain |= {name: gain.value, f"{name}_low": gain.low, f"{name}_high": gain.high}
    return plain
