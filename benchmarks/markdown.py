"""The table as a page that can be read and kept."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from benchmarks.compare import DRAWS, Line
from benchmarks.speed import Speed


def page(found: Sequence[Line], speeds: Sequence[Speed], digests: Mapping[str, str], at: datetime, commit: str) -> str:
    """Everything measured, losses included."""
    counts = Counter(line.verdict for line in found)
    parts = [
        "# Benchmarks",
        _how(at, commit),
        f"{counts['win']} wins, {counts['tie']} ties, {counts['loss']} losses"
        + (f", {counts['anchor failed']} where the anchor would not fit." if counts["anchor failed"] else "."),
        *(_log_table(log, [line for line in found if line.log == log]) for log in digests),
        "## Speed",
        _table(
            (
                "log",
                "training rows",
                "train every rung, s (all cores)",
                "three answers, µs a customer (one core, bulk)",
            ),
            [
                (one.log, f"{one.rows:,}", f"{one.train_seconds:.1f}", f"{one.answer_microseconds:.0f}")
                for one in speeds
            ],
        ),
        "## Data",
        _table(("log", "sha256 of the source"), [(log, f"`{digest}`") for log, digest in digests.items()]),
    ]
    return "\n\n".join(parts) + "\n"


def _how(at: datetime, commit: str) -> str:
    return (
        f"Measured {at:%Y-%m-%d} at commit `{commit[:12]}` on {os.cpu_count()} cores by `make bench`. "
        "Every anchor is refitted on the customers' histories before each origin; no outcome after an origin is used "
        f"in training. The interval is how much better ours is: paired bootstrap over customers, {DRAWS} draws, 95 %."
    )


def _log_table(log: str, found: Sequence[Line]) -> str:
    rows = [
        (
            line.origin, line.question, line.measure, f"**{_number(line.ours)}** ({line.rung})", line.anchor,
            _number(line.theirs), f"{_number(line.low)} to {_number(line.high)}", line.verdict,
        )
        for line in found
    ]  # fmt: skip
    head = ("origin", "question", "measure", "ours (rung)", "anchor", "anchor's", "better by, 95 %", "verdict")
    return f"## {log}\n\n{_table(head, rows)}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "n/a"
    return f"{value:.3f}" if abs(value) < 100 else f"{value:,.0f}"
