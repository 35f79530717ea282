"""How does a caller name an instant? As an RFC 3339 date-time, or by the shop's own wall clock."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from features import calendar

_DATE = r"\d{4}-\d{2}-\d{2}"
_TIME = r"\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?"
_WRITTEN = re.compile(rf"{_DATE}([Tt ]{_TIME}([Zz]|[+-]\d{{2}}:\d{{2}})?)?", re.ASCII)
_FIRST, _LAST = 1970, 9990  # beyond, an answer's own dates would have no four-digit year


def moment(text: object) -> datetime:
    """What ``text`` names: without an offset the shop's wall clock, a plain date that day's beginning."""
    if isinstance(text, datetime):
        return text
    if not isinstance(text, (str, date)) or not _WRITTEN.fullmatch(str(text)):
        raise ValueError(_expected(text))
    try:
        named = datetime.fromisoformat(str(text).upper())
    except ValueError:
        raise ValueError(_expected(text)) from None
    if not _FIRST <= named.year <= _LAST:
        raise ValueError(f"{text} lies outside the years {_FIRST} to {_LAST}. Name an instant within them.")
    return named


def resolve(named: datetime, zone: ZoneInfo) -> int:
    """Microseconds since 1970, UTC; ``zone`` is the shop's."""
    return calendar.micros(named if named.tzinfo else named.replace(tzinfo=zone))


def day_beginning(instant: int, zone: ZoneInfo) -> int:
    """The instant at which the shop's day of ``instant`` began, microseconds since 1970 UTC."""
    return calendar.micros(calendar.beginning(calendar.local_day(instant, zone), zone))


@lru_cache(maxsize=1024)
def rfc3339(instant: int) -> str:
    """An instant as answers write it, in UTC."""
    return calendar.instant(instant).isoformat().replace("+00:00", "Z")


def _expected(text: object) -> str:
    return (
        f"Found {text!r}; expected an RFC 3339 date-time such as 2026-11-21T10:30:00Z, the shop's wall clock such as "
        "2026-11-21T10:30:00, or a date such as 2026-11-21."
    )
