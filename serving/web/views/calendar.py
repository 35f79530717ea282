"""Calendar view: who is due on each day of a week or month, and one opened day by category."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from serving.api.pages import PAGE_PATH
from serving.schemas.reminders import ReminderRow, RemindersResponse
from serving.web.audience_query import audience_url

CALENDAR_PATH = f"{PAGE_PATH}calendar"
DAYS_OF_WEEK = 7
SHADES = 4  # of the days of a month, besides none
TOP_CATEGORIES = 3


@dataclass(frozen=True, kw_only=True)
class CalendarChoice:
    """Calendar choice: what is shown, as the address has it."""

    first: date  # the Monday of the first week
    weeks: int
    month: date | None = None  # the first day of a month; None for a week
    day: date | None = None  # the opened day
    category: str | None = None
    channel: str | None = None
    tier: str | None = None

    @classmethod
    def of_week(cls, any_day: date, /, **choices: Any) -> CalendarChoice:  # noqa: ANN401 - the other fields
        """The week of a day."""
        return cls(first=any_day - timedelta(days=any_day.weekday()), weeks=1, **choices)

    @classmethod
    def of_month(cls, month: date, /, **choices: Any) -> CalendarChoice:  # noqa: ANN401 - the other fields
        """The weeks that a month has days in."""
        first = month - timedelta(days=month.weekday())
        return cls(first=first, weeks=-(-(_next_month(month) - first).days // DAYS_OF_WEEK), month=month, **choices)

    @property
    def end(self) -> date:
        """The first day after the last week."""
        return self.first + timedelta(weeks=self.weeks)

    @property
    def filters(self) -> dict[str, str]:
        """The parameters that narrow the count."""
        chosen = {"category": self.category, "channel": self.channel, "tier": self.tier}
        return {name: value for name, value in chosen.items() if value}

    @property
    def period(self) -> dict[str, str]:
        """The parameter of the week or of the month."""
        if self.month is not None:
            return {"month": f"{self.month:%Y-%m}"}
        return {"week": f"{self.first:%G-W%V}"}

    def url(self, **other: str) -> str:
        """The address of another choice with the same filters."""
        return f"{CALENDAR_PATH}?{urlencode({**(other or self.period), **self.filters})}"

    @property
    def earlier(self) -> str:
        """The address of the week or the month before."""
        if self.month is not None:
            return self.url(month=f"{self.month - timedelta(days=1):%Y-%m}")
        return self.url(week=f"{self.first - timedelta(weeks=1):%G-W%V}")

    @property
    def later(self) -> str:
        """The address of the week or the month after."""
        if self.month is not None:
            return self.url(month=f"{_next_month(self.month):%Y-%m}")
        return self.url(week=f"{self.end:%G-W%V}")

    @property
    def other_view(self) -> str:
        """The address of the month of a week, or of the first week of a month."""
        return self.url(week=f"{self.month:%G-W%V}") if self.month else self.url(month=f"{self.first:%Y-%m}")


@dataclass(frozen=True, kw_only=True)
class DueCategory:
    """Due category: the customers of a day whose soonest category it is."""

    name: str
    customers: int
    expected_spend: float | None
    builder: str


@dataclass(frozen=True, kw_only=True)
class CalendarDay:
    """Calendar day: who is due; None where fewer are due than are told."""

    day: date
    url: str
    customers: int | None = None
    expected_spend: float | None = None
    categories: Sequence[DueCategory] = ()  # the most customers first
    shade: int = 0  # 0 to SHADES, by the busiest day
    builder: str | None = None

    @property
    def top_categories(self) -> Sequence[DueCategory]:
        """The first categories."""
        return list(islice(self.categories, TOP_CATEGORIES))


@dataclass(frozen=True, kw_only=True)
class CalendarOptions:
    """Calendar options: the values that a person can choose from."""

    categories: Sequence[str]
    channels: Sequence[str]
    tiers: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class CalendarView:
    """Calendar view: the days, the opened one, and what the numbers rest on."""

    choice: CalendarChoice
    options: CalendarOptions
    days: Sequence[CalendarDay]
    today: date
    scored_on: date
    lead_days: int | None
    horizon_days: int | None
    smallest: int

    @property
    def open_day(self) -> CalendarDay | None:
        """The day that is open."""
        return next((each for each in self.days if each.day == self.choice.day), None)

    @property
    def rows(self) -> Sequence[Sequence[CalendarDay]]:
        """The days by week."""
        return [self.days[first : first + DAYS_OF_WEEK] for first in range(0, len(self.days), DAYS_OF_WEEK)]

    @property
    def customers(self) -> int:
        """The customers of the days that are told."""
        return sum(each.customers or 0 for each in self.days)


def calendar_days(
    choice: CalendarChoice, by_day: RemindersResponse, by_category: RemindersResponse
) -> list[CalendarDay]:
    """Every day of a choice, also those on which too few are due to be told."""
    counted = {row.day: row for row in by_day.reminders}
    most = max((row.customers for row in by_day.reminders), default=1)
    days = [choice.first + timedelta(days=offset) for offset in range((choice.end - choice.first).days)]
    return [
        _calendar_day(choice, day, counted.get(day), most, [row for row in by_category.reminders if row.day == day])
        for day in days
    ]


def _calendar_day(
    choice: CalendarChoice, day: date, row: ReminderRow | None, most: int, categories: Sequence[ReminderRow]
) -> CalendarDay:
    empty = CalendarDay(day=day, url=choice.url(**choice.period, day=str(day)))
    if row is None:
        return empty
    return replace(
        empty,
        customers=row.customers,
        expected_spend=row.expected_spend,
        shade=-(-row.customers * SHADES // most),
        builder=_builder_url(row.filter, choice),
        categories=[
            DueCategory(
                name=each.category or "",
                customers=each.customers,
                expected_spend=each.expected_spend,
                builder=_builder_url(each.filter, choice),
            )
            for each in categories
        ],
    )


def _builder_url(audience_filter: Mapping[str, Any], choice: CalendarChoice) -> str:
    channel = {} if choice.channel is None else {"channel": choice.channel}
    return audience_url(*audience_filter["all"], **channel)


def _next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)
