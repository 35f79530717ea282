"""What to know of the measurement at a glance: which bars are met, which rows are lost, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from benchmarks.accuracy.cdnow_published_figures import Parameter
from benchmarks.accuracy.interval_coverage import IntervalCoverage
from benchmarks.accuracy.paired_comparison import ComparisonRow
from benchmarks.accuracy.targets import TargetResult, evaluate_targets
from benchmarks.accuracy.training_speed import MAX_MICROSECONDS, MAX_SECONDS, Speed
from benchmarks.reporting.loss_explanations import explain_loss, explain_missed_target
from benchmarks.reporting.markdown import format_met, format_number, table


def render_summary(
    comparisons: Sequence[ComparisonRow],
    parameters: Sequence[Parameter],
    intervals: Sequence[IntervalCoverage],
    speeds: Sequence[Speed],
) -> str:
    """Bars first, then each bar missed and each row lost with its reason."""
    stood = evaluate_targets(comparisons)
    rows = [*(_target_row(one) for one in stood), *_other_rows(parameters, intervals, speeds)]
    missed = [
        f"- {_describe_row(line)} {one.target}: {explain_missed_target(line, one.target)}"
        for one in stood
        for line in one.missed_rows
    ]
    head = ("bench", "protocol", "measure", "bar", "ours, newest origin first", "met")
    return "\n\n".join([
        f"## Summary\n\n{_count_verdicts(comparisons)}",
        table(head, rows),
        "### Bars not met\n\n" + ("\n".join(missed) or "None."),
        "### Rows lost\n\n" + ("\n".join(_lost_rows(comparisons)) or "None."),
    ])  # fmt: skip


def _lost_rows(rows: Sequence[ComparisonRow]) -> list[str]:
    """One sentence for rows of one question that were lost for one reason."""
    alike: dict[tuple[str, str, str, str], list[ComparisonRow]] = {}
    for line in (line for line in rows if line.verdict == "loss"):
        alike.setdefault((line.case.log, line.case.origin, line.case.question, explain_loss(line)), []).append(line)
    return [
        f"- {log}, {origin}, {question}, {_join_names([line.measure for line in lost])} to "
        f"{_join_names([line.baseline for line in lost])}: {reason}"
        for (log, origin, question, reason), lost in alike.items()
    ]


def _join_names(names: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def _count_verdicts(rows: Sequence[ComparisonRow]) -> str:
    counts = Counter(line.verdict for line in rows)
    failed = f", {counts['anchor failed']} where the anchor would not fit" if counts["anchor failed"] else ""
    return f"{counts['win']} wins, {counts['tie']} ties, {counts['loss']} losses{failed} against named anchors."


def _describe_row(row: ComparisonRow) -> str:
    return f"{row.case.log}, {row.case.origin}, {row.case.question}, {row.measure}"


def _target_row(result: TargetResult) -> tuple[str, ...]:
    ours = ", ".join(
        f"**{format_number(lines[0].ours)}**" if holds else format_number(lines[0].ours)
        for lines, holds in result.by_origin
    )
    held = sum(holds for _, holds in result.by_origin)
    met = (
        format_met(result.is_met)
        if len(result.by_origin) == 1 or result.is_met or not held
        else f"**{held} of {len(result.by_origin)}**"
    )
    protocol = result.by_origin[0][0][0].case.protocol
    return (
        result.target.log,
        protocol,
        f"{result.target.question}, {result.target.measure}",
        str(result.target),
        ours,
        met,
    )


def _other_rows(
    parameters: Sequence[Parameter], intervals: Sequence[IntervalCoverage], speeds: Sequence[Speed]
) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    if parameters:
        equal = sum(one.is_equal for one in parameters)
        unlike = ", ".join(f"{one.model} {one.name}" for one in parameters if not one.is_equal)
        said = f"{equal} of {len(parameters)} equal" + (f"; not {unlike}" if unlike else "")
        bar = "equal at the published precision"
        rows.append(("cdnow 1/10", "", "BTYD parameters", bar, said, format_met(not unlike)))
    logs = dict.fromkeys(one.log for one in intervals)
    rows += [_coverage_row([one for one in intervals if one.log == log]) for log in logs]
    rows += [row for one in speeds for row in _speed_rows(one)]
    return rows


def _coverage_row(intervals: Sequence[IntervalCoverage]) -> tuple[str, ...]:
    held = sum(one.is_met for one in intervals)
    ours = ", ".join(f"{one.whole.coverage:.3f}" for one in intervals)
    bar = ">= .78 over all, >= .76 in every quarter of recency"
    met = format_met(held == len(intervals)) if held in {0, len(intervals)} else f"**{held} of {len(intervals)}**"
    return intervals[0].log, intervals[0].protocol, "spend interval of nominal 80 %", bar, ours, met


def _speed_rows(speed: Speed) -> list[tuple[str, ...]]:
    answers = (
        speed.log, "", "three answers of a customer in bulk", f"<= {MAX_MICROSECONDS:.0f} µs",
        f"{speed.answer_microseconds:.0f}", format_met(speed.answers_in_time),
    )  # fmt: skip
    if speed.trains_in_time is None:
        return [answers]
    bar = f"<= {MAX_SECONDS[speed.log]:.0f} s"
    return [
        (speed.log, "", "training every rung", bar, f"{speed.train_seconds:.1f}", format_met(speed.trains_in_time)),
        answers,
    ]
