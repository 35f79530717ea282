"""Churn rule report: metrics, a table and a figure of the business' own churn rules for MLflow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from features.arrays import Floats
from training.evaluation.backtest import Backtest
from training.evaluation.churn_rules import RuleResult
from training.models.churn import churn_label
from training.registry.run_record import Metric, Table
from training.reporting import figures


def rule_metrics(results: Sequence[RuleResult]) -> list[Metric]:
    """Metrics by rule, measure and origin: precision/RULE, precision/TIER_flagging_as_many_as_RULE and so on."""
    names = _metric_keys([result.rule for result in results])
    return [
        Metric(f"{measure}/{prefix}{names[result.rule]}", value, result.origin.toordinal())
        for result in results
        if result.origin is not None
        for measure, prefix, value in _rule_measures(result)
        if np.isfinite(value)
    ]


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


def _rule_measures(result: RuleResult) -> Iterator[tuple[str, str, float]]:
    model = f"{result.tier}_flagging_as_many_as_"
    yield "flagged", "", result.share
    yield "f1", "", result.f1
    yield "precision", "", result.precision
    yield "precision", model, result.model_precision
    yield "recall", "", result.recall
    yield "recall", model, result.model_recall
    yield "precision_gain", model, result.precision_gain.value
    yield "recall_gain", model, result.recall_gain.value


def _result_row(result: RuleResult) -> dict[str, Any]:
    gains = {"precision_gain": result.precision_gain, "recall_gain": result.recall_gain}
    plain = {name: value for name, value in vars(result).items() if name not in gains}
    for name, gain in gains.items():
        plain |= {name: gain.value, f"{name}_low": gain.low, f"{name}_high": gain.high}
    return plain


def _metric_keys(names: Sequence[str]) -> dict[str, str]:
    """A distinct name for every rule that MLflow accepts, even for "3 days!" and "3 days?"."""
    keys: dict[str, str] = {}
    for name in dict.fromkeys(names):
        slug = re.sub(r"\W+", "_", name).strip("_") or "rule"
        candidates = (slug, *(f"{slug}_{number}" for number in range(2, len(names) + 3)))
        keys[name] = next(key for key in candidates if key not in keys.values())
    return keys
