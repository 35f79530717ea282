"""Dates: order lines long before the rest, before 1990, and after the as-of day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np

from features.calendar import day_from_number, day_number
from features.history import Cutoff
from features.plausibility.order_days import OrderDays
from features.plausibility.outlying_dates import MAX_GAP_DAYS, MAX_SMALL_LOG_SHARE, OutlyingDates
from features.plausibility.silence import silence_of_days
from features.plausibility_note import PlausibilityNote
from features.wording import lines_are

FIRST_PLAUSIBLE = date(1990, 1, 1)
MIN_GAP_DAYS = 60  # before later lines that are no continuation of the log
LIFE_OF_THE_SHOP = "dates of the shop's life"


def outlying_notes(outlying: OutlyingDates) -> Iterator[PlausibilityNote]:
    """A note on the few lines long before all others; answers are robust against them."""
    until = "" if outlying.latest == outlying.earliest else f" to {outlying.latest}"
    yield PlausibilityNote(
        "dates_outlying",
        "warning",
        f"{lines_are(outlying.lines)} dated {outlying.earliest}{until}, {outlying.gap_days:,} days before the next",
        LIFE_OF_THE_SHOP,
        f"Correct them; until then they count as lines of {outlying.first_day}",
        outlying.lines,
    )


def early_notes(known: OrderDays) -> Iterator[PlausibilityNote]:
    """Notes on lines that are too many to be a mistake of a few, and decide how old the shop seems.

    Args:
        known: the order days before the cutoff, without the few outlying dates.
    """
    early = known.first(count_deciding_days(known))
    if early.total:
        rest = known.since(int(early.day[-1]) + 1)
        first, last, following = (day_from_number(day) for day in (early.day[0], early.day[-1], rest.day[0]))
        yield PlausibilityNote(
            "dates_outlying",
            "blocking",
            f"{lines_are(early.total)} dated {first} to {last}, {(following - last).days:,} days before the next; they "
            f"make a log of {rest.day[-1] - rest.day[0] + 1:,} days {known.day[-1] - known.day[0] + 1:,} days long",
            LIFE_OF_THE_SHOP,
            "Correct their dates, or leave these lines out",
            early.total,
        )
    oldest = known.before(day_number(FIRST_PLAUSIBLE))
    if oldest.total:
        yield PlausibilityNote(
            "dates_before_1990",
            "blocking",
            f"{lines_are(oldest.total)} dated before 1990",
            LIFE_OF_THE_SHOP,
            "Say with date_format how dates are written, or correct them",
            oldest.total,
            str(day_from_number(oldest.day[0])),
        )


def later_notes(known: OrderDays, later: OrderDays, now: Cutoff) -> Iterator[PlausibilityNote]:
    """A note on the lines from the cutoff on; information where they continue the log."""
    if not later.total:
        return
    farthest = day_from_number(later.day[-1])
    yield PlausibilityNote(
        "dates_after_as_of",
        "info" if _continues(known, later) else "warning",
        f"{lines_are(later.total)} dated {now.day} or later, the farthest {farthest}; nothing uses them",
        "none, unless --as-of is a day in the past",
        "If it is today, correct the dates",
        later.total,
        str(farthest),
    )


def count_deciding_days(known: OrderDays) -> int:
    """The number of first days that have at most a tenth of the lines, years before a rest that is shorter; else 0."""
    days_until_the_end = known.day[-1:] - known.day[1:]
    is_long = np.diff(known.day) > np.maximum(days_until_the_end, MAX_GAP_DAYS)
    is_few = np.cumsum(known.lines)[:-1] <= MAX_SMALL_LOG_SHARE * known.total
    gaps = np.flatnonzero(is_long & is_few)
    return int(gaps[-1]) + 1 if len(gaps) else 0


def _continues(known: OrderDays, later: OrderDays) -> bool:
    """Whether the later lines follow without a silence that ends the log."""
    if not known.total:
        return True
    limit = max(silence_of_days(known, int(known.day[-1]) + 1).refuse_after, MIN_GAP_DAYS)
    return bool(np.diff(later.day, prepend=known.day[-1]).max() <= limit)
