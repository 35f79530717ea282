"""Terminal tables: the common style of tables, and the formats of their cells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table

if TYPE_CHECKING:
    from features.ingestion.manifest import TableSummary
    from training.evaluation.churn_rules import RuleResult

_COUNT_TITLES = {"duplicates": "exact duplicates", "overlapping": "in several files", "rejected": "set aside"}


def titled_table(title: str, *columns: str) -> Table:
    """Create a table in the common style; underscores in column names become spaces."""
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold", no_wrap=column in {"origin", "by", "column"})
    return table


def ingestion_table(summaries: Sequence[TableSummary]) -> Table:
    """Create the table of line counts of the ingested tables; reasons to leave lines out appear where any line has."""
    reasons = [
        name for name in ("overlapping", "excluded", "rejected") if any(getattr(each, name) for each in summaries)
    ]
    columns = ("lines", "without_customer", "duplicates", *reasons, "written", "customers")
    table = titled_table("The history", "table", *(_COUNT_TITLES.get(column, column) for column in columns))
    for summary in summaries:
        table.add_row(summary.table, *(f"{getattr(summary, column):,}" for column in columns))
    return table


def churn_rule_table(rule_results: Sequence[RuleResult]) -> Table:
    """Create the table of churn rules beside the model at the same number of flags, per origin; at least one result."""
    days, tier = rule_results[0].horizon_days, rule_results[0].tier
    table = titled_table(
        f"churn rules compared with {tier} at the same number of flags (churn: no order in {days} days)",
        "rule", "origin", "flags", "precision", "recall", "F1", f"{tier}\nprecision", f"{tier}\nrecall",
        "precision better\nby points, 95 %",
    )  # fmt: skip
    for result, next_result in zip(rule_results, [*rule_results[1:], None], strict=True):
        shares = (
            result.share,
            result.precision,
            result.recall,
            result.f1,
            result.model_precision,
            result.model_recall,
        )
        interval = " to ".join(_format_points(end) for end in (result.precision_gain.low, result.precision_gain.high))
        is_last = next_result is None or next_result.rule != result.rule
        table.add_row(
            result.rule, str(result.origin or "all"), *map(_format_percent, shares), interval, end_section=is_last
        )
    return table


def format_number(value: float | None) -> str:
    """Format a metric: three decimals below 100, else a whole number; empty where it is unknown."""
    if value is None or math.isnan(value):
        return ""
    return f"{value:.3f}" if abs(value) < 100 else f"{value:,.0f}"


def _format_percent(share: float) -> str:
    return "" if math.isnan(share) else f"{share:.1%}"


def _format_points(share: float) -> str:
    return "n/a" if math.isnan(share) else f"{100 * share:+.1f}"
