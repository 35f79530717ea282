"""Period: the local days, half-open, whose conversions are attributed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from features.arrays import Booleans, Integers
from features.calendar import day_number
from features.errors import FlywheelError
from training.experiments.record.experiment import FIRST_DAY, LAST_DAY

MAX_PERIOD_DAYS = 366


class InvalidPeriod(FlywheelError):
    """The period is empty, or too long."""


@dataclass(frozen=True)
class Period:
    """Period of attribution: the days from ``first`` until before ``end``, in the time zone of the shop."""

    first: date
    end: date

    def __post_init__(self) -> None:
        if not FIRST_DAY <= self.first <= LAST_DAY:
            raise InvalidPeriod(
                f"Found a period that begins on {self.first}; expected a day from {FIRST_DAY} to {LAST_DAY}. Correct "
                "it."
            )
        if self.first >= self.end:
            raise InvalidPeriod(
                f"Found the period from {self.first} to {self.end}; expected from before to: to is the first day that "
                "no longer counts. Correct one of them."
            )
        if self.days > MAX_PERIOD_DAYS:
            raise InvalidPeriod(
                f"Found a period of {self.days:,} days, from {self.first} to {self.end}; expected at most "
                f"{MAX_PERIOD_DAYS}. Ask for one year at a time."
            )

    @property
    def days(self) -> int:
        """The number of days."""
        return (self.end - self.first) // timedelta(days=1)

    @property
    def first_day(self) -> int:
        """The first day, as days since 1970."""
        return day_number(self.first)

    @property
    def end_day(self) -> int:
        """The first day after the period, as days since 1970."""
        return day_number(self.end)

    def contains(self, days: Integers) -> Booleans:
        """Whether each local day, days since 1970, lies in the period, (n,)."""
        inside: Booleans = (days >= self.first_day) & (days < self.end_day)
        return inside
