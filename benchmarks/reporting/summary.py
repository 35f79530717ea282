"""Benchmark summary: which targets are met, which comparisons are lost, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from benchmarks.accuracy.bars import evaluate_public_bars
from benchmarks.accuracy.cdnow_published_figures import Parameter
from benchmarks.accuracy.interval_coverage import IntervalCoverage
from benchmarks.accuracy.paired_comparison import ComparisonRow
from benchmarks.accuracy.targets import TargetResult, evaluate_targets
from benchmarks.accuracy.training_speed import MAX_MICROSECONDS, MAX_SECONDS, Speed
from benchmarks.reporting.bars_table import bars_table, count_bars
from benchmarks.reporting.loss_explanations import explain_loss, explain_missed_target
from benchmarks.reporting.markdown import format_met, format_number, table

PROPER_MEASURES = ("AUC", "Brier", "log loss", "Poisson deviance", "Tweedie deviance")


def render_summary(
    comparisons: Sequence[ComparisonRow],
    parameters: Sequence[Parameter],
    intervals: Sequence[IntervalCoverage],
    speeds: Sequence[Speed],
) -> str:
    """Render the targets, then each missed target and each lost comparison with its reason."""
    results = evaluate_targets(comparisons)
    rows = [*(_target_row(result) for result in results), *_other_rows(parameters, intervals, speeds)]
    missed = [
        f"- {_describe_row(row)} {result.target}: {explain_missed_target(row, result.target)}"
        for result in results
        for row in result.missed_rows
    ]
    head = ("log", "protocol", "measure", "target", "ours, newest origin first", "met")
    bars = evaluate_public_bars(comparisons)
    return "\n\n".join([
        f"## Summary\n\n{_count_verdicts(comparisons)}",
        table(head, rows),
        "### Targets not met\n\n" + ("\n".join(missed) or "None."),
        f"### Bars\n\n{count_bars(bars)}\n\n{bars_table(bars)}",
        f"### Comparisons lost\n\n{_count_proper_losses(comparisons)}",
        "\n".join(_lost_rows(comparisons)) or "None.",
    ])  # fmt: skip


def _count_proper_losses(rows: Sequence[ComparisonRow]) -> str:
    lost = [row for row in rows if row.verdict == "loss"]
    proper = sum(row.measure in PROPER_MEASURES for row in lost)
    return f"{proper} of {len(lost)} in {', '.join(PROPER_MEASURES)}."


def _lost_rows(rows: Sequence[ComparisonRow]) -> list[str]:
    """Return the lost comparisons as sentences, one for all rows of the same question and the same reason."""
    by_reason: dict[tuple[str, str, str, str], list[ComparisonRow]] = {}
    for row in (row for row in rows if row.verdict == "loss"):
        by_reason.setdefault((row.case.log, row.case.origin, row.case.question, explain_loss(row)), []).append(row)
    return [
        f"- {log}, {origin}, {question}, {_join_names([row.measure for row in lost])} to "
        f"{_join_names([row.baseline for row in lost])}: {reason}"
        for (log, origin, question, reason), lost in by_reason.items()
    ]


def _join_names(names: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def _count_verdicts(rows: Sequence[ComparisonRow]) -> str:
    counts = Counter(row.verdict for row in rows)
    failed = f", {counts['baseline failed']} where the baseline did not converge" if counts["baseline failed"] else ""
    return f"{counts['win']} wins, {counts['tie']} ties, {counts['loss']} losses{failed} against named baselines."


def _describe_row(row: ComparisonRow) -> str:
    return f"{row.case.log}, {row.case.origin}, {row.case.question}, {row.measure}"


def _target_row(result: TargetResult) -> tuple[str, ...]:
    values = ", ".join(
        f"**{format_number(rows[0].value)}**" if holds else format_number(rows[0].value)
        for rows, holds in result.by_origin
    )
    met_count = sum(holds for _, holds in result.by_origin)
    met = (
        format_met(result.is_met)
        if len(result.by_origin) == 1 or result.is_met or not met_count
        else f"**{met_count} of {len(result.by_origin)}**"
    )
    protocol = result.by_origin[0][0][0].case.protocol
    return (
        result.target.log,
        protocol,
        f"{result.target.question}, {result.target.measure}",
        str(result.target),
        values,
        met,
    )


def _other_rows(
    parameters: Sequence[Parameter], intervals: Sequence[IntervalCoverage], speeds: Sequence[Speed]
) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    if parameters:
        equal = sum(parameter.is_equal for parameter in parameters)
        unequal = ", ".join(f"{parameter.model} {parameter.name}" for parameter in parameters if not parameter.is_equal)
        text = f"{equal} of {len(parameters)} equal" + (f"; not {unequal}" if unequal else "")
        target = "equal at the published precision"
        rows.append(("cdnow 1/10", "", "BTYD parameters", target, text, format_met(not unequal)))
    logs = dict.fromkeys(interval.log for interval in intervals)
    rows += [_coverage_row([interval for interval in intervals if interval.log == log]) for log in logs]
    rows += [row for speed in speeds for row in _speed_rows(speed)]
    return rows


def _coverage_row(intervals: Sequence[IntervalCoverage]) -> tuple[str, ...]:
    met_count = sum(interval.is_met for interval in intervals)
    coverages = ", ".join(f"{interval.whole.coverage:.3f}" for interval in intervals)
    target = ">= .78 over all, >= .76 in every quarter of recency"
    met = (
        format_met(met_count == len(intervals))
        if met_count in {0, len(intervals)}
        else f"**{met_count} of {len(intervals)}**"
    )
    return intervals[0].log, intervals[0].protocol, "spend interval of nominal 80 %", target, coverages, met


def _speed_rows(speed: Speed) -> list[tuple[str, ...]]:
    answers = (
        speed.log, "", "three predictions of a customer in bulk", f"<= {MAX_MICROSECONDS:.0f} µs",
        f"{speed.answer_microseconds:.0f}", format_met(speed.answers_in_time),
    )  # fmt: skip
    if speed.trains_in_time is None:
        return [answers]
    target = f"<= {MAX_SECONDS[speed.log]:.0f} s"
    return [
        (speed.log, "", "training every tier", target, f"{speed.train_seconds:.1f}", format_met(speed.trains_in_time)),
        answers,
    ]
