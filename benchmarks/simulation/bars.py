"""Bars of simulated logs: the limits set for single logs, and those that hold for every log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmarks.accuracy.bars import Bar, BarResult, calibrated_bar
from benchmarks.simulation.situations import SITUATIONS

YEAR = 365
TOTAL_MARGIN, TOTAL_MARGIN_FIRST_YEAR = 0.25, 0.5

SIMULATED_BARS = (
    Bar("clocks", "Brier", maximum=0.095),
    Bar("clocks", "ECE", maximum=0.07),
    Bar("clocks", "AUC", minimum=0.92),
    Bar("clocks", "rank agreement", minimum=0.8),
    Bar("fading", "AUC", minimum=0.85),
    Bar("fading", "Brier", maximum=0.16),
    Bar("fading", "buyers", maximum=1.25),
    Bar("fading", "orders", maximum=1.6),
    Bar("fading", "revenue", maximum=1.4),
    Bar("fading2", "AUC", minimum=0.845),
    Bar("fading2", "Brier", maximum=0.17),
    Bar("fading2", "orders", 0.8, 1.2),
    Bar("novelty", "AUC", minimum=0.895),
    Bar("novelty", "Brier", maximum=0.14),
    Bar("novelty", "ECE", maximum=0.10),
    Bar("novelty", "orders", maximum=1.65),
    Bar("growing", "buyers", 0.85, 1.20),
    Bar("growing", "orders", 0.85, 1.20),
    Bar("growing", "revenue", 0.85, 1.20),
    Bar("shrinking", "buyers", 0.90, 1.10),
    Bar("shrinking", "orders", 0.90, 1.10),
    Bar("shrinking", "revenue", 0.90, 1.10),
    Bar("decline", "orders", maximum=1.35),
    Bar("decline", "revenue", maximum=1.35),
    Bar("seasonal", "buyers", 0.90, 1.10),
    Bar("seasonal", "ECE", maximum=0.03),
    Bar("seasonal", "orders", 0.80, 1.15),
    Bar("seasonal", "Brier", maximum=0.135),
    Bar("oneseason", "buyers", 0.90, 1.10),
    Bar("oneseason", "orders", 0.85, 1.15),
    Bar("halves", "Brier", maximum=0.017),
    Bar("stable10y", "Brier", maximum=0.107),
    Bar("tiny", "Brier", maximum=0.152),
    Bar("short60", "Brier", maximum=0.130),
    Bar("random", "Brier", maximum=0.250),
    Bar("one-order-each", "predicted buyers", maximum=26),  # a hundredth of its customers; none comes
)


def general_bars(log: str) -> Iterator[Bar]:
    """Yield the limits that hold for every simulated log.

    Totals within 25 %, or within 50 % where no window a year ago is over; ECE at most .05; a ranking nowhere surely
    more than .005 below that of recency, frequency or Pareto/NBD; P(order) of two horizons ranks customers alike, but
    not where an event is ahead; no question answered alike for all while another's is not; no contradiction.
    """
    situation = SITUATIONS[log]
    has_year_behind = situation.cut_day >= YEAR + situation.horizon
    margin = TOTAL_MARGIN if has_year_behind else TOTAL_MARGIN_FIRST_YEAR
    for total in ("buyers", "orders", "revenue"):
        yield Bar(log, total, 1 - margin, 1 + margin)
    yield Bar(log, "ECE", maximum=0.05)
    yield Bar(log, "AUC surely below", maximum=0.005)
    if log != "burst":
        yield Bar(log, "rank agreement", minimum=0.5)
    for faults in ("questions alike for all", "contradictions", "customers without an answer"):
        yield Bar(log, faults, maximum=0)


def evaluate_bars(log: str, figures: Mapping[str, float]) -> list[BarResult]:
    """Compare the figures of a simulated log with its own limits and the general ones, where there is a figure."""
    bars = [*(bar for bar in SIMULATED_BARS if bar.log == log), *general_bars(log)]
    results = [BarResult(bar, figures[bar.measure]) for bar in bars if bar.measure in figures]
    return [*results, *calibrated_bar(log, figures)]
