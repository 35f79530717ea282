"""What to know of the measurement at a glance: which bars are met, which rows are lost, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from benchmarks.accuracy.cdnow_published_figures import Parameter
from benchmarks.accuracy.interval_coverage import Covered
from benchmarks.accuracy.paired_comparison import Line
from benchmarks.accuracy.targets import Standing, standings
from benchmarks.accuracy.training_speed import MOST_MICROSECONDS, MOST_SECONDS, Speed
from benchmarks.reporting.loss_explanations import short, why
from benchmarks.reporting.markdown import number, table, yes


def summary(
    found: Sequence[Line], parameters: Sequence[Parameter], intervals: Sequence[Covered], speeds: Sequence[Speed]
) -> str:
    """Bars first, then each bar missed and each row lost with its reason."""
    stood = standings(found)
    rows = [*(_row(one) for one in stood), *_others(parameters, intervals, speeds)]
    missed = [f"- {_bench(line)} {one.bar}: {short(line, one.bar)}" for one in stood for line in one.missed]
    head = ("bench", "protocol", "measure", "bar", "ours, newest origin first", "met")
    return "\n\n".join([
        f"## Summary\n\n{_counted(found)}",
        table(head, rows),
        "### Bars not met\n\n" + ("\n".join(missed) or "None."),
        "### Rows lost\n\n" + ("\n".join(_lost(found)) or "None."),
    ])  # fmt: skip


def _lost(found: Sequence[Line]) -> list[str]:
    """One sentence for rows of one question that were lost for one reason."""
    alike: dict[tuple[str, str, str, str], list[Line]] = {}
    for line in (line for line in found if line.verdict == "loss"):
        alike.setdefault((line.case.log, line.case.origin, line.case.question, why(line)), []).append(line)
    return [
        f"- {log}, {origin}, {question}, {_named([line.measure for line in lost])} to "
        f"{_named([line.anchor for line in lost])}: {reason}"
        for (log, origin, question, reason), lost in alike.items()
    ]


def _named(names: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def _counted(found: Sequence[Line]) -> str:
    counts = Counter(line.verdict for line in found)
    failed = f", {counts['anchor failed']} where the anchor would not fit" if counts["anchor failed"] else ""
    return f"{counts['win']} wins, {counts['tie']} ties, {counts['loss']} losses{failed} against named anchors."


def _bench(line: Line) -> str:
    return f"{line.case.log}, {line.case.origin}, {line.case.question}, {line.measure}"


def _row(one: Standing) -> tuple[str, ...]:
    ours = ", ".join(f"**{number(lines[0].ours)}**" if holds else number(lines[0].ours) for lines, holds in one.at)
    held = sum(holds for _, holds in one.at)
    met = yes(one.met) if len(one.at) == 1 or one.met or not held else f"**{held} of {len(one.at)}**"
    protocol = one.at[0][0][0].case.protocol
    return one.bar.log, protocol, f"{one.bar.question}, {one.bar.measure}", str(one.bar), ours, met


def _others(
    parameters: Sequence[Parameter], intervals: Sequence[Covered], speeds: Sequence[Speed]
) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    if parameters:
        equal = sum(one.equal for one in parameters)
        unlike = ", ".join(f"{one.model} {one.name}" for one in parameters if not one.equal)
        said = f"{equal} of {len(parameters)} equal" + (f"; not {unlike}" if unlike else "")
        bar = "equal at the published precision"
        rows.append(("cdnow 1/10", "", "BTYD parameters", bar, said, yes(not unlike)))
    logs = dict.fromkeys(one.log for one in intervals)
    rows += [_coverage([one for one in intervals if one.log == log]) for log in logs]
    rows += [row for one in speeds for row in _speeds(one)]
    return rows


def _coverage(mine: Sequence[Covered]) -> tuple[str, ...]:
    held = sum(one.met for one in mine)
    ours = ", ".join(f"{one.whole.coverage:.3f}" for one in mine)
    bar = ">= .78 over all, >= .76 in every quarter of recency"
    met = yes(held == len(mine)) if held in {0, len(mine)} else f"**{held} of {len(mine)}**"
    return mine[0].log, mine[0].protocol, "spend interval of nominal 80 %", bar, ours, met


def _speeds(one: Speed) -> list[tuple[str, ...]]:
    answers = (
        one.log, "", "three answers of a customer in bulk", f"<= {MOST_MICROSECONDS:.0f} µs",
        f"{one.answer_microseconds:.0f}", yes(one.answers_in_time),
    )  # fmt: skip
    if one.trains_in_time is None:
        return [answers]
    bar = f"<= {MOST_SECONDS[one.log]:.0f} s"
    return [(one.log, "", "training every rung", bar, f"{one.train_seconds:.1f}", yes(one.trains_in_time)), answers]
