"""Local days and instants: the one place that knows both."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

EPOCH = date(1970, 1, 1)
DAY_US = 86_400_000_000


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a local day begins, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def micros(instant: datetime) -> int:
    """Microseconds since 1970, UTC."""
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def instant(micros_utc: int) -> datetime:
    """The UTC instant so many microseconds after 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(micros_utc))


def local_day(micros_utc: int, zone: ZoneInfo) -> date:
    """The shop's calendar day at an instant."""
    return instant(micros_utc).astimezone(zone).date()


def wall_clock(micros_utc: int, zone: ZoneInfo) -> datetime:
    """What the shop's clock showed, without an offset."""
    return instant(micros_utc).astimezone(zone).replace(tzinfo=None)


def local_time_days(micros_utc: int, zone: ZoneInfo) -> float:
    """Days since 1970 by the shop's wall clock, the part of the day that has passed as a fraction."""
    return (wall_clock(micros_utc, zone) - datetime(1970, 1, 1)) / timedelta(days=1)  # noqa: DTZ001 -- wall clock, by intent


def day_number(day: date) -> int:
    """Days since 1970-01-01; how local days are stored."""
    return (day - EPOCH).days


def day_from_number(number: int) -> date:
    """The day so many days after 1970-01-01."""
    return EPOCH + timedelta(days=int(number))
