"""Periods of growth: ISO weeks and calendar months, half-open, in the local days of a shop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal

from features.calendar import day_number

PeriodKind = Literal["week", "month"]


@dataclass(frozen=True)
class GrowthPeriod:
    """The days from ``first`` until before ``end``: a week from Monday, or a month."""

    kind: PeriodKind
    first: date
    end: date

    @property
    def name(self) -> str:
        """The name of the period, ``2026-W47`` (ISO 8601) or ``2026-11``."""
        if self.kind == "month":
            return f"{self.first:%Y-%m}"
        year, week, _ = self.first.isocalendar()
        return f"{year}-W{week:02}"

    @property
    def first_day(self) -> int:
        """The first day, as days since 1970."""
        return day_number(self.first)

    @property
    def end_day(self) -> int:
        """The first day after the period, as days since 1970."""
        return day_number(self.end)


def weeks_between(first: date, last: date) -> list[GrowthPeriod]:
    """The whole weeks within the days ``[first, last)``, ascending."""
    monday = first + timedelta(days=-first.weekday() % 7)
    starts = [monday]
    while starts[-1] <= last:
        starts.append(starts[-1] + timedelta(days=7))
    return _whole("week", starts, last)


def months_between(first: date, last: date) -> list[GrowthPeriod]:
    """The whole months within the days ``[first, last)``, ascending."""
    starts = [first if first.day == 1 else _next_month(first)]
    while starts[-1] <= last:
        starts.append(_next_month(starts[-1]))
    return _whole("month", starts, last)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _whole(kind: PeriodKind, starts: Sequence[date], last: date) -> list[GrowthPeriod]:
    return [GrowthPeriod(kind, start, end) for start, end in pairwise(starts) if end <= last]
