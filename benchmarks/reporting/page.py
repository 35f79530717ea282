"""Everything measured as a page that can be read and kept."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from benchmarks.accuracy.cdnow_published_figures import Parameter
from benchmarks.accuracy.cdnow_split import CdnowWindow
from benchmarks.accuracy.interval_coverage import IntervalCoverage, SliceCoverage
from benchmarks.accuracy.paired_comparison import BOOTSTRAP_DRAWS, ComparisonRow
from benchmarks.accuracy.targets import reference_figure, target_of
from benchmarks.accuracy.training_speed import Speed
from benchmarks.reporting.markdown import format_met, format_number, table
from benchmarks.reporting.summary import render_summary

PROTOCOLS = {
    "T": "Protocol T: features before the origin, no outcome after it in training; anchors refitted at each origin.",
    "C": "Protocol C: five folds of customers inside one window of 39 weeks; anchors refitted on the same four folds.",
}


@dataclass(frozen=True, kw_only=True)
class BenchmarkResults:
    """What one run of the benchmarks found."""

    measured_at: datetime
    commit: str
    rows: list[ComparisonRow]
    parameters: list[Parameter]
    windows: list[CdnowWindow]
    intervals: list[IntervalCoverage]
    speeds: list[Speed]
    digests: dict[str, str]


def render_page(results: BenchmarkResults, *extra_sections: str) -> str:
    """Losses included; ``extra_sections`` are sections that were measured by themselves."""
    logs = dict.fromkeys(line.case.log for line in results.rows)
    parts = [
        f"# Benchmarks\n\n{_describe_method(results)}",
        render_summary(results.rows, results.parameters, results.intervals, results.speeds),
        *([f"## Published parameters\n\n{_parameters_table(results.parameters)}"] if results.parameters else []),
        *(_log_table(log, [line for line in results.rows if line.case.log == log]) for log in logs),
        *([f"## Every rung by itself, protocol C\n\n{_tiers_table(results.windows)}"] if results.windows else []),
        f"## Intervals\n\n{_intervals_table(results.intervals)}",
        f"## Speed\n\n{_speed_table(results.speeds)}",
        *(section for section in extra_sections if section),
        f"## Data\n\n{_digests_table(results.digests)}",
    ]
    return "\n\n".join(parts) + "\n"


def _describe_method(results: BenchmarkResults) -> str:
    return (
        f"Measured {results.measured_at:%Y-%m-%d} at commit `{results.commit[:12]}` on {os.cpu_count()} cores by `make bench`. "
        f"{PROTOCOLS['T']} {PROTOCOLS['C']} The two are never mixed. Ours is the rung that the gate lets answer; what "
        f"others answer is refitted on the same customers. The interval is how much better ours is: paired bootstrap "
        f"over customers, {BOOTSTRAP_DRAWS} draws, 95 %. *Stated* is the anchor's figure as published, or as given with the bar. "
        "CDNOW's lines are not de-duplicated."
    )


def _log_table(log: str, comparisons: Sequence[ComparisonRow]) -> str:
    rows = []
    for line in comparisons:
        bar = target_of(line)
        ours = f"**{format_number(line.ours)}** ({line.case.tier})"
        interval = f"{format_number(line.low)} to {format_number(line.high)}"
        rows.append((
            line.case.origin, line.case.question, line.measure, "" if bar is None else str(bar), ours,
            line.baseline, format_number(line.theirs), format_number(reference_figure(line)), interval, line.verdict,
        ))  # fmt: skip
    head = (
        "origin", "question", "measure", "bar", "ours (rung)",
        "anchor", "anchor's", "stated", "better by, 95 %", "verdict",
    )  # fmt: skip
    protocol = comparisons[0].case.protocol
    return f"## {log}, protocol {protocol}\n\n{table(head, rows)}"


def _parameters_table(parameters: Sequence[Parameter]) -> str:
    rows = []
    for one in parameters:
        ours, theirs = (f"{value:.{one.decimals}f}" for value in (one.ours, one.theirs))
        rows.append((one.model, one.name, f"{ours} ({one.ours:.6g})", theirs, one.published, format_met(one.is_equal)))
    head = ("model", "figure", "ours", "lifetimes", "published", "equal")
    cite = "CDNOW 1/10, 2,357 customers, 39 weeks (Fader, Hardie, Lee 2005); holdout r over the next 39 weeks."
    return f"{cite}\n\n{table(head, rows)}"


def _tiers_table(windows: Sequence[CdnowWindow]) -> str:
    rows = []
    for window in windows:
        for name, figures in window.tier_figures():
            rows.append((window.log, name, *(format_number(value) for value in figures.values())))
    chosen = "; ".join(
        f"{window.log}: "
        + ", ".join(f"{name} by {window.cross_validation.answering_tier(name)}" for name in ("churn", "ltv"))
        for window in windows
    )
    head = ("log", "rung", *next(windows[0].tier_figures())[1])
    return f"Chosen by inner validation: {chosen}.\n\n{table(head, rows)}"


def _intervals_table(intervals: Sequence[IntervalCoverage]) -> str:
    rows = []
    for one in intervals:
        wide = "too wide" if one.is_too_wide else ""
        rows.append((
            one.log, one.protocol, one.origin, one.tier, _format_slice(one.whole), *(_format_slice(part) for part in one.quarters),
            " / ".join(format_number(value) for value in one.pinball), format_number(one.width), format_met(one.is_met), wide,
        ))  # fmt: skip
    head = (
        "log", "protocol", "origin", "rung", "covered (zeros)", "latest quarter", "second", "third", "longest silent",
        "pinball 10/50/90", "median width", "met", "",
    )  # fmt: skip
    return (
        "Spend is served with the interval p10 to p90, nominal 80 %; a 90 % interval is not served. In brackets the "
        "share that spent nothing: where that is 20 % or more, an interval that begins at 0 covers more than 80 % by "
        "nature; elsewhere more than the bar's slack above 80 % is called too wide.\n\n" + table(head, rows)
    )


def _format_slice(coverage: SliceCoverage) -> str:
    return (
        f"{coverage.coverage:.3f} ({coverage.zeros:.2f})"
        if coverage.is_met
        else f"**{coverage.coverage:.3f}** ({coverage.zeros:.2f})"
    )


def _speed_table(speeds: Sequence[Speed]) -> str:
    rows = [
        (
            one.log, f"{one.rows:,}", f"{one.train_seconds:.1f}", format_met(one.trains_in_time),
            f"{one.answer_microseconds:.0f}", format_met(one.answers_in_time),
        )
        for one in speeds
    ]  # fmt: skip
    head = ("log", "training rows", "train every rung, s (all cores)", "in time", "three answers, µs (bulk)", "in time")
    return table(head, rows)


def _digests_table(digests: Mapping[str, str]) -> str:
    return table(("log", "sha256 of the source"), [(log, f"`{digest}`") for log, digest in digests.items()])
