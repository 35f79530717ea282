"""Benchmark page: renders all results as docs/benchmarks.md."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from benchmarks.accuracy.cdnow_published_figures import Parameter
from benchmarks.accuracy.cdnow_split import CdnowWindow
from benchmarks.accuracy.customer_cross_validation import SERVED
from benchmarks.accuracy.interval_coverage import IntervalCoverage, SliceCoverage
from benchmarks.accuracy.paired_comparison import BOOTSTRAP_DRAWS, ComparisonRow
from benchmarks.accuracy.targets import reference_figure, target_of
from benchmarks.accuracy.training_speed import Speed
from benchmarks.reporting.markdown import format_met, format_number, table
from benchmarks.reporting.summary import render_summary

PROTOCOLS = {
    "T": "Protocol T: features before the origin, no outcome after it in training; baselines refitted at each origin.",
    "C": "Protocol C: five folds of customers inside one window of 39 weeks; baselines refitted on the same four.",
}


@dataclass(frozen=True, kw_only=True)
class BenchmarkResults:
    """The results of one benchmark run."""

    measured_at: datetime
    commit: str
    rows: list[ComparisonRow]
    parameters: list[Parameter]
    windows: list[CdnowWindow]
    intervals: list[IntervalCoverage]
    speeds: list[Speed]
    digests: dict[str, str]


def render_page(results: BenchmarkResults, *extra_sections: str) -> str:
    """Render the page, lost comparisons included; ``extra_sections`` are measured by other commands."""
    logs = dict.fromkeys(row.case.log for row in results.rows)
    parts = [
        f"# Benchmarks\n\n{_describe_method(results)}",
        render_summary(results.rows, results.parameters, results.intervals, results.speeds),
        *([f"## Published parameters\n\n{_parameters_table(results.parameters)}"] if results.parameters else []),
        *(_log_table(log, [row for row in results.rows if row.case.log == log]) for log in logs),
        *([f"## Every tier alone, protocol C\n\n{_tiers_table(results.windows)}"] if results.windows else []),
        f"## Intervals\n\n{_intervals_table(results.intervals)}",
        f"## Speed\n\n{_speed_table(results.speeds)}",
        *(section for section in extra_sections if section),
        f"## Data\n\n{_digests_table(results.digests)}",
    ]
    return "\n\n".join(parts) + "\n"


def _describe_method(results: BenchmarkResults) -> str:
    return (
        f"Measured {results.measured_at:%Y-%m-%d} at commit `{results.commit[:12]}` on {os.cpu_count()} cores by "
        "`make bench`. "
        f"{PROTOCOLS['T']} {PROTOCOLS['C']} The two are never mixed. Ours is the tier that answers in the product, "
        "one for all questions: where outcomes suffice the average, on log-odds or logs, of a buy-till-you-die "
        "model, two regressions and trees. The baselines are refitted on the same customers. The interval is how much "
        f"better ours is: paired bootstrap over customers, {BOOTSTRAP_DRAWS} draws, 95 %. *Stated* is the baseline's "
        "figure as published, or as given with the target. "
        "CDNOW's lines are not de-duplicated. The ridge regression is scikit-learn's: logistic for P(order), Poisson "
        "for orders, on about 25 columns of the raw log."
    )


def _log_table(log: str, comparisons: Sequence[ComparisonRow]) -> str:
    rows = []
    for row in comparisons:
        target = target_of(row)
        our_value = f"**{format_number(row.value)}** ({row.case.tier})"
        interval = f"{format_number(row.low)} to {format_number(row.high)}"
        rows.append((
            row.case.origin, row.case.question, row.measure, "" if target is None else str(target), our_value,
            row.baseline, format_number(row.baseline_value), format_number(reference_figure(row)),
            interval, row.verdict,
        ))  # fmt: skip
    head = (
        "origin", "question", "measure", "target", "ours (tier)",
        "baseline", "baseline's", "stated", "better by, 95 %", "verdict",
    )  # fmt: skip
    protocol = comparisons[0].case.protocol
    return f"## {log}, protocol {protocol}\n\n{table(head, rows)}"


def _parameters_table(parameters: Sequence[Parameter]) -> str:
    rows = []
    for parameter in parameters:
        our_figure, lifetimes_figure = (
            f"{value:.{parameter.decimals}f}" for value in (parameter.value, parameter.lifetimes_value)
        )
        rows.append(
            (
                parameter.model,
                parameter.name,
                f"{our_figure} ({parameter.value:.6g})",
                lifetimes_figure,
                parameter.published,
                format_met(parameter.is_equal),
            )
        )
    head = ("model", "figure", "ours", "lifetimes", "published", "equal")
    cite = "CDNOW 1/10, 2,357 customers, 39 weeks (Fader, Hardie, Lee 2005); holdout r over the next 39 weeks."
    return f"{cite}\n\n{table(head, rows)}"


def _tiers_table(windows: Sequence[CdnowWindow]) -> str:
    rows = []
    for window in windows:
        for name, figures in window.tier_figures():
            rows.append((window.log, name, *(format_number(value) for value in figures.values())))
    head = ("log", "tier", *next(windows[0].tier_figures())[1])
    return f"All questions are answered by the tier {SERVED}.\n\n{table(head, rows)}"


def _intervals_table(intervals: Sequence[IntervalCoverage]) -> str:
    rows = []
    for interval in intervals:
        wide = "too wide" if interval.is_too_wide else ""
        rows.append((
            interval.log, interval.protocol, interval.origin, interval.tier,
            _format_slice(interval.whole), *(_format_slice(part) for part in interval.quarters),
            " / ".join(format_number(value) for value in interval.pinball),
            format_number(interval.width), format_met(interval.is_met), wide,
        ))  # fmt: skip
    head = (
        "log", "protocol", "origin", "tier", "covered (zeros)", "latest quarter", "second", "third", "longest inactive",
        "pinball 10/50/90", "median width", "met", "",
    )  # fmt: skip
    return (
        "Spend is served with the interval p10 to p90, nominal 80 %; a 90 % interval is not served. In brackets the "
        "share that spent nothing: where that is 20 % or more, an interval that begins at 0 must cover more than "
        "80 %; elsewhere a coverage above 80 % plus the target's slack is called too wide.\n\n" + table(head, rows)
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
            speed.log, f"{speed.rows:,}", f"{speed.train_seconds:.1f}", format_met(speed.trains_in_time),
            f"{speed.answer_microseconds:.0f}", format_met(speed.answers_in_time),
        )
        for speed in speeds
    ]  # fmt: skip
    head = (
        "log",
        "training rows",
        "train every tier, s (all cores)",
        "in time",
        "three predictions, µs (bulk)",
        "in time",
    )
    return table(head, rows)


def _digests_table(digests: Mapping[str, str]) -> str:
    return table(("log", "sha256 of the source"), [(log, f"`{digest}`") for log, digest in digests.items()])
