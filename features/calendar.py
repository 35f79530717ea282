"""Calendar: conversions between instants in UTC and the local days and wall clock of a shop's time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

EPOCH = date(1970, 1, 1)
DAY_US = 86_400_000_000


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which a local day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def micros(instant: datetime) -> int:
    """An instant as microseconds since 1970-01-01 00:00 UTC."""
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def instant(micros_utc: int) -> datetime:
    """The instant, in UTC, that lies this many microseconds after 1970-01-01 00:00 UTC."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(micros_utc))


def local_day(micros_utc: int, zone: ZoneInfo) -> date:
    """The local calendar day at an instant, given in microseconds since 1970."""
    return instant(micros_utc).astimezone(zone).date()


def wall_clock(micros_utc: int, zone: ZoneInfo) -> datetime:
    """The local date and time at an instant, given in microseconds since 1970; the result has no offset."""
    return instant(micros_utc).astimezone(zone).replace(tzinfo=None)


def local_time_days(micros_utc: int, zone: ZoneInfo) -> float:
    """Local date and time as days since 1970-01-01; the fraction is the time of day."""
    return (wall_clock(micros_utc, zone) - datetime(1970, 1, 1)) / timedelta(days=1)  # noqa: DTZ001 -- wall clock, by intent


def day_number(day: date) -> int:
    """A day as days since 1970-01-01, the form in which local days are stored."""
    return (day - EPOCH).days


def day_from_number(number: int) -> date:
    """The day that lies this many days after 1970-01-01."""
    return EPOCH + timedelta(days=int(number))
