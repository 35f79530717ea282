"""Instants in requests and answers: RFC 3339 date-times, or the wall clock of the shop."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from features import calendar

_DATE = r"\d{4}-\d{2}-\d{2}"
_TIME = r"\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?"
_DATETIME_PATTERN = re.compile(rf"{_DATE}([Tt ]{_TIME}([Zz]|[+-]\d{{2}}:\d{{2}})?)?", re.ASCII)
# The same as JSON Schema, for documents.
DATETIME_SCHEMA = {
    "type": "string",
    "anyOf": [{"format": "date"}, {"format": "date-time"}, {"pattern": f"^{_DATE}[Tt ]{_TIME}$"}],
}
_MIN_YEAR, _MAX_YEAR = 1970, 9990  # beyond, an answer's own dates would have no four-digit year


def parse_datetime(text: object) -> datetime:
    """The date-time in ``text``; naive without an offset, and midnight for a plain date.

    Raises:
        ValueError: the text is no such date-time, or lies outside the years that answers can express.
    """
    if isinstance(text, datetime):
        return text
    if not isinstance(text, (str, date)) or not _DATETIME_PATTERN.fullmatch(str(text)):
        raise ValueError(_invalid_datetime_message(text))
    try:
        parsed = datetime.fromisoformat(str(text).upper())
    except ValueError:
        raise ValueError(_invalid_datetime_message(text)) from None
    if not _MIN_YEAR <= parsed.year <= _MAX_YEAR:
        raise ValueError(f"{text} lies outside the years {_MIN_YEAR} to {_MAX_YEAR}. Choose an instant within them.")
    return parsed


def resolve_instant(moment: datetime, zone: ZoneInfo) -> int:
    """The instant of a date-time, microseconds since 1970 UTC; a naive one is wall clock in ``zone``."""
    return calendar.micros(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def start_of_shop_day(instant: int, zone: ZoneInfo) -> int:
    """The instant at which the local day of ``instant`` began, microseconds since 1970 UTC."""
    return calendar.micros(calendar.start_of_day(calendar.local_day(instant, zone), zone))


@lru_cache(maxsize=1024)
def rfc3339(instant: int) -> str:
    """An instant in RFC 3339, in UTC."""
    return calendar.instant(instant).isoformat().replace("+00:00", "Z")


def _invalid_datetime_message(text: object) -> str:
    return (
        f"Found {text!r}; expected an RFC 3339 date-time such as 2026-11-21T10:30:00Z, the shop's wall clock such as "
        "2026-11-21T10:30:00, or a date such as 2026-11-21."
    )
