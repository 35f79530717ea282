"""As-of day: the day of ``--as-of``, or today in the shop's time zone; never a day after today."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from pipelines.steps.promote import UsageError


def resolve_as_of(as_of: date | None, zone: ZoneInfo, now: datetime) -> date:
    """Return the day that data must precede.

    Raises:
        UsageError: the day is after the shop's today.
    """
    today = now.astimezone(zone).date()
    if as_of is not None and as_of > today:
        raise UsageError(
            f"Found --as-of {as_of}. Expected a day up to {today}, which is today in {zone.key}: nothing is known "
            "about later days, and every customer would look silent. Leave --as-of out, or correct it."
        )
    return as_of or today
