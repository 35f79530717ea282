"""Shop day: dates in the shop's calendar, counted from an instant, and the reminder before an expected date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from features import calendar
from features.arrays import Days, Floats


@dataclass(frozen=True)
class ShopDay:
    """An instant with its day and time of day in the shop's time zone."""

    instant: int  # microseconds since 1970 UTC
    day: np.datetime64
    elapsed_share: float  # share of the day that is over, by its wall clock

    @classmethod
    def from_instant(cls, instant: int, zone: ZoneInfo) -> ShopDay:
        """The shop's day and time of day at an instant, microseconds since 1970 UTC."""
        local_time = calendar.wall_clock(instant, zone)
        midnight = datetime(local_time.year, local_time.month, local_time.day)  # noqa: DTZ001 - wall clock, by intent
        return cls(instant, np.datetime64(local_time.date(), "D"), (local_time - midnight).total_seconds() / 86_400)

    def date_after(self, days: Floats) -> Days:
        """The local date a number of days later, same shape; NaT where the number is infinite or NaN."""
        finite = np.isfinite(days)
        ahead = np.floor(np.where(finite, days, 0.0) + self.elapsed_share).astype("timedelta64[D]")
        dates: Days = np.where(finite, self.day + ahead, np.datetime64("NaT"))
        return dates

    def remind_on(self, expected: Days, lead_days: int) -> Days:
        """The dates ``lead_days`` before the expected ones, and never before this day."""
        return np.maximum(expected - np.timedelta64(lead_days, "D"), self.day)
