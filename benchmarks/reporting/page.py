"""Everything measured as a page that can be read and kept."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from benchmarks.accuracy.cdnow_published_figures import Parameter
from benchmarks.accuracy.cdnow_split import Window
from benchmarks.accuracy.interval_coverage import Covered, Slice
from benchmarks.accuracy.paired_comparison import DRAWS, Line
from benchmarks.accuracy.targets import bar_of, stated
from benchmarks.accuracy.training_speed import Speed
from benchmarks.reporting.markdown import number, table, yes
from benchmarks.reporting.summary import summary

PROTOCOLS = {
    "T": "Protocol T: features before the origin, no outcome after it in training; anchors refitted at each origin.",
    "C": "Protocol C: five folds of customers inside one window of 39 weeks; anchors refitted on the same four folds.",
}


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one run of the benchmarks found."""

    at: datetime
    commit: str
    lines: list[Line]
    parameters: list[Parameter]
    windows: list[Window]
    intervals: list[Covered]
    speeds: list[Speed]
    digests: dict[str, str]


def page(found: Measured, *apart: str) -> str:
    """Losses included; ``apart`` are sections that were measured by themselves."""
    logs = dict.fromkeys(line.case.log for line in found.lines)
    parts = [
        f"# Benchmarks\n\n{_how(found)}",
        summary(found.lines, found.parameters, found.intervals, found.speeds),
        *([f"## Published parameters\n\n{_parameters(found.parameters)}"] if found.parameters else []),
        *(_log_table(log, [line for line in found.lines if line.case.log == log]) for log in logs),
        *([f"## Every rung by itself, protocol C\n\n{_rungs(found.windows)}"] if found.windows else []),
        f"## Intervals\n\n{_intervals(found.intervals)}",
        f"## Speed\n\n{_speeds(found.speeds)}",
        *(section for section in apart if section),
        f"## Data\n\n{_digests(found.digests)}",
    ]
    return "\n\n".join(parts) + "\n"


def _how(found: Measured) -> str:
    return (
        f"Measured {found.at:%Y-%m-%d} at commit `{found.commit[:12]}` on {os.cpu_count()} cores by `make bench`. "
        f"{PROTOCOLS['T']} {PROTOCOLS['C']} The two are never mixed. Ours is the rung that the gate lets answer; what "
        f"others answer is refitted on the same customers. The interval is how much better ours is: paired bootstrap "
        f"over customers, {DRAWS} draws, 95 %. *Stated* is the anchor's figure as published, or as given with the bar. "
        "CDNOW's lines are not de-duplicated."
    )


def _log_table(log: str, found: Sequence[Line]) -> str:
    rows = []
    for line in found:
        bar = bar_of(line)
        ours = f"**{number(line.ours)}** ({line.case.rung})"
        interval = f"{number(line.low)} to {number(line.high)}"
        rows.append((
            line.case.origin, line.case.question, line.measure, "" if bar is None else str(bar), ours,
            line.anchor, number(line.theirs), number(stated(line)), interval, line.verdict,
        ))  # fmt: skip
    head = (
        "origin", "question", "measure", "bar", "ours (rung)",
        "anchor", "anchor's", "stated", "better by, 95 %", "verdict",
    )  # fmt: skip
    protocol = found[0].case.protocol
    return f"## {log}, protocol {protocol}\n\n{table(head, rows)}"


def _parameters(found: Sequence[Parameter]) -> str:
    rows = []
    for one in found:
        ours, theirs = (f"{value:.{one.decimals}f}" for value in (one.ours, one.theirs))
        rows.append((one.model, one.name, f"{ours} ({one.ours:.6g})", theirs, one.published, yes(one.equal)))
    head = ("model", "figure", "ours", "lifetimes", "published", "equal")
    cite = "CDNOW 1/10, 2,357 customers, 39 weeks (Fader, Hardie, Lee 2005); holdout r over the next 39 weeks."
    return f"{cite}\n\n{table(head, rows)}"


def _rungs(found: Sequence[Window]) -> str:
    rows = []
    for window in found:
        for name, figures in window.rungs():
            rows.append((window.log, name, *(number(value) for value in figures.values())))
    chosen = "; ".join(
        f"{window.log}: " + ", ".join(f"{name} by {window.found.rung(name)}" for name in ("churn", "ltv"))
        for window in found
    )
    head = ("log", "rung", *next(found[0].rungs())[1])
    return f"Chosen by inner validation: {chosen}.\n\n{table(head, rows)}"


def _intervals(found: Sequence[Covered]) -> str:
    rows = []
    for one in found:
        wide = "too wide" if one.too_wide else ""
        rows.append((
            one.log, one.protocol, one.where, one.rung, _slice(one.whole), *(_slice(part) for part in one.quarters),
            " / ".join(number(value) for value in one.pinball), number(one.width), yes(one.met), wide,
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


def _slice(one: Slice) -> str:
    return f"{one.coverage:.3f} ({one.zeros:.2f})" if one.met else f"**{one.coverage:.3f}** ({one.zeros:.2f})"


def _speeds(found: Sequence[Speed]) -> str:
    rows = [
        (
            one.log, f"{one.rows:,}", f"{one.train_seconds:.1f}", yes(one.trains_in_time),
            f"{one.answer_microseconds:.0f}", yes(one.answers_in_time),
        )
        for one in found
    ]  # fmt: skip
    head = ("log", "training rows", "train every rung, s (all cores)", "in time", "three answers, µs (bulk)", "in time")
    return table(head, rows)


def _digests(found: Mapping[str, str]) -> str:
    return table(("log", "sha256 of the source"), [(log, f"`{digest}`") for log, digest in found.items()])
