"""Simulation report: one block of text per log, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.simulation.judging import Comparison
from benchmarks.simulation.log_result import LogResult

_FIGURES = (
    "AUC", "Brier", "log loss", "ECE", "Poisson deviance", "Tweedie deviance", "Gini", "buyers", "orders", "revenue",
    "rank agreement", "buyers covered", "revenue covered",
)  # fmt: skip


def render_block(result: LogResult) -> Iterator[str]:
    """Render the figures of a log, its anchors, its missed bars, and its losses."""
    if result.failure:
        yield f"{result.log}: FAILED after {result.seconds:.0f} s: {result.failure}"
        return
    figures = ", ".join(f"{name} {result.figures[name]:.4g}" for name in _FIGURES if name in result.figures)
    tiers = ", ".join(f"{model} {tier}" for model, tier in result.tiers.items())
    yield f"{result.log}: {figures}; {result.customers} customers, {result.seconds:.0f} s; {tiers}"
    for measure in dict.fromkeys(comparison.measure for comparison in result.comparisons):
        anchors = [comparison for comparison in result.comparisons if comparison.measure == measure]
        yield f"  {measure} {anchors[0].value:.4f}: " + ", ".join(map(_format_anchor, anchors))
    for bar_result in result.missed_bars:
        bar, value = bar_result.bar, bar_result.value
        yield f"  MISSED {bar.measure} {bar}: {value:.4g}, by {bar_result.shortfall:.4g}"
    yield from (f"  {remark}" for remark in result.remarks)
    yield f"  {len(result.bars) - len(result.missed_bars)} of {len(result.bars)} bars met, {len(result.losses)} losses"


def _format_anchor(comparison: Comparison) -> str:
    name = comparison.baseline.removesuffix(" of lifetimes")
    verdict = {"loss": " LOSS", "win": " win"}.get(comparison.verdict, "")
    return f"{name} {comparison.baseline_value:.4f}{verdict}"
