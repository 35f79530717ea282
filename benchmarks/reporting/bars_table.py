"""Bars table: limits, our figures, and by how much the missed ones are missed."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.accuracy.bars import BarResult
from benchmarks.reporting.markdown import format_met, format_number, table


def count_bars(results: Sequence[BarResult]) -> str:
    """Return how many bars are met, as a sentence."""
    return f"{sum(result.is_met for result in results)} of {len(results)} bars are met."


def bars_table(results: Sequence[BarResult]) -> str:
    """Render bars in the order given."""
    rows = [
        (
            result.bar.log, result.bar.origin, result.bar.measure, str(result.bar), format_number(result.value),
            format_met(result.is_met), "" if result.is_met else format_number(result.shortfall),
        )
        for result in results
    ]  # fmt: skip
    return table(("log", "origin", "measure", "bar", "ours", "met", "missed by"), rows)
