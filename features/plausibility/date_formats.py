"""Date formats: dates that were read without an error, and yet in another way than they were written."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import numpy as np

from features.calendar import DAY_US, day_from_number, wall_clock
from features.history import History
from features.plausibility.order_days import OrderDays
from features.plausibility_note import PlausibilityNote
from features.wording import count_of

MONTHS = 12
MIN_ORDER_DAYS, MIN_MONTHS = 12, 6  # fewer days may all be early in their months by chance, or by an event
MIN_DAYS_OF_MONTH = 8  # more than the days on which a shop bills its subscriptions
MIN_LINES, MIDNIGHT_SHARE = 20, 0.99


def swapped_month_notes(known: OrderDays) -> Iterator[PlausibilityNote]:
    """A note where no line is dated after the 12th of a month; it blocks where subscriptions do not explain that."""
    dates = known.day.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    days_of_month = (dates - months).astype(np.int64) + 1
    if len(dates) < MIN_ORDER_DAYS or len(np.unique(months)) < MIN_MONTHS or days_of_month.max() > MONTHS:
        return
    yield PlausibilityNote(
        "no_day_above_12",
        "blocking" if len(np.unique(days_of_month)) >= MIN_DAYS_OF_MONTH else "warning",
        f"No order line is dated after the 12th of a month, on {count_of(len(known.day), 'day')} with order lines",
        "dates in all parts of the month",
        "Day and month are probably swapped: say with date_format how dates are written",
        known.total,
        str(day_from_number(known.day[-1])),
    )


def midnight_notes(known: History, days: OrderDays, zone: ZoneInfo) -> Iterator[PlausibilityNote]:
    """A note where hardly any line is at another time than midnight UTC, which is no midnight in the shop's zone."""
    at_midnight = known.lines.at_us % DAY_US == 0
    midnights = int(known.lines.filter(at_midnight).count().to_pyarrow().as_py())
    if days.total < MIN_LINES or midnights < MIDNIGHT_SHARE * days.total:
        return
    local = [wall_clock(int(at), zone) for at in days.last_us if at % DAY_US == 0]
    times = [clock for clock in local if (clock.hour, clock.minute) != (0, 0)]
    if not times:
        return
    yield PlausibilityNote(
        "dates_midnight_utc",
        "warning",
        f"{midnights:,} of {count_of(days.total, 'order line')} are at midnight UTC",
        f"times of day in {zone.key}, or days without a time",
        "The export has probably lost the time zone, and local days may be off by one: export local times, or the day",
        midnights,
        f"{times[-1]:%Y-%m-%d %H:%M} in {zone.key}",
    )
