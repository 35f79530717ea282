"""Coverage of totals: whether actual buyers, orders and revenue of whole shops lie in their 80 % intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.scoring.expected_totals import shop_totals

NOMINAL = 0.8


@dataclass(frozen=True)
class TotalInterval:
    """The interval of one total of one log, and the total that came."""

    log: str
    measure: str  # buyers, orders or spend
    predicted: float
    p10: float
    p90: float
    actual: float

    @property
    def is_covered(self) -> bool:
        """Whether the actual total lies in the interval."""
        return self.p10 <= self.actual <= self.p90

    @property
    def half_width(self) -> float:
        """Half of the interval's width on the log scale; infinite for an interval that begins at 0."""
        return math.log(self.p90 / self.p10) / 2 if self.p10 > 0 else math.inf


@dataclass(frozen=True)
class TotalCoverage:
    """Coverage of the intervals of one total over several logs, each log with one vote."""

    measure: str
    logs: int
    intervals: int
    coverage: float
    half_width: float  # mean, on the log scale


def total_intervals(
    log: str, scores: Path, cards: Sequence[Mapping[str, Any]], horizon_days: int, actual: Mapping[str, float]
) -> Iterator[TotalInterval]:
    """Yield the interval of each total that has one, with what came.

    Args:
        log: name of the log.
        scores: path of the scores table.
        cards: of the release that scored.
        horizon_days: of the totals; conversions must be those of the same horizon.
        actual: buyers, orders and spend of the scored customers within the horizon.
    """
    totals = shop_totals(scores, cards, horizon_days)
    for measure, total in (("buyers", totals.conversions), ("orders", totals.orders), ("spend", totals.revenue)):
        if total is not None and total.interval is not None and total.horizon_days == horizon_days:
            yield TotalInterval(log, measure, total.mean, total.interval.p10, total.interval.p90, actual[measure])


def total_coverage(intervals: Sequence[TotalInterval]) -> list[TotalCoverage]:
    """Coverage per measure; the intervals of a log share its vote."""
    return [
        _coverage(measure, [interval for interval in intervals if interval.measure == measure])
        for measure in sorted({interval.measure for interval in intervals})
    ]


def _coverage(measure: str, intervals: Sequence[TotalInterval]) -> TotalCoverage:
    by_log: dict[str, list[TotalInterval]] = {}
    for interval in intervals:
        by_log.setdefault(interval.log, []).append(interval)
    shares = [sum(interval.is_covered for interval in group) / len(group) for group in by_log.values()]
    widths = [sum(interval.half_width for interval in group) / len(group) for group in by_log.values()]
    return TotalCoverage(
        measure=measure,
        logs=len(by_log),
        intervals=len(intervals),
        coverage=sum(shares) / len(shares),
        half_width=sum(widths) / len(widths),
    )
