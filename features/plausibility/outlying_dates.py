"""Outlying dates: order lines dated long before all others, such as the 1900-01-01 of an empty spreadsheet cell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import ibis
import numpy as np

from features.calendar import day_from_number, day_number
from features.history import History

MAX_LINES, MAX_LINE_SHARE, MAX_SMALL_LOG_SHARE = 3, 0.001, 0.1
MIN_GAP_DAYS, MAX_GAP_DAYS = 365, 730


@dataclass(frozen=True)
class OutlyingDates:
    """Order lines whose dates lie long before the log's first plausible day."""

    lines: int
    earliest: date
    latest: date
    first_day: date  # the first local day with an order line after the gap

    @property
    def gap_days(self) -> int:
        """Days between the latest of these dates and the first day."""
        return (self.first_day - self.latest).days


def find_outlying_dates(history: History) -> OutlyingDates | None:
    """Find the order lines before the last long gap that has hardly any line before it; None without such a gap.

    Hardly any are at most 3 lines or .1 % of all, the larger of both, but never more than a tenth. A gap is long if it
    exceeds the whole rest of the log; a year is the least, and two years are always long.
    """
    lines = history.lines
    counted = lines.group_by("day_number").aggregate(lines=lines.count()).order_by("day_number").to_pandas()
    day, count = counted["day_number"].to_numpy(np.int64), counted["lines"].to_numpy(np.int64)
    before, total = np.cumsum(count)[:-1], int(count.sum())
    few = before <= min(max(MAX_LINES, MAX_LINE_SHARE * total), MAX_SMALL_LOG_SHARE * total)
    long = np.diff(day) > np.clip(day[-1:] - day[1:], MIN_GAP_DAYS, MAX_GAP_DAYS)
    gaps = np.flatnonzero(few & long)
    if not len(gaps):
        return None
    last = int(gaps[-1])
    return OutlyingDates(int(before[last]), *(day_from_number(day[index]) for index in (0, last, last + 1)))


def winsorize_dates(history: History, outlying: OutlyingDates | None) -> History:
    """The history with each outlying line at the first instant of the first plausible day; unchanged without such."""
    if outlying is None:
        return history
    lines = history.lines
    plausible = lines.filter(lines.day_number >= day_number(outlying.first_day))
    first = plausible.aggregate(
        ordered_at=plausible.ordered_at.min(), at_us=plausible.at_us.min(), day_number=plausible.day_number.min()
    )
    floor = first.to_pyarrow().to_pylist()[0]
    columns = {
        name: ibis.greatest(lines[name], ibis.literal(value, lines[name].type())) for name, value in floor.items()
    }
    known_at = ibis.greatest(lines.known_at, columns["ordered_at"])
    return replace(history, lines=lines.mutate(**columns, known_at=known_at))
