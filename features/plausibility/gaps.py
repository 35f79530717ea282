"""Gaps: silences in the log and at its end that are unlike the rest of the log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from features.calendar import day_from_number
from features.plausibility.order_days import OrderDays
from features.plausibility.silence import Silence, silence_of_days
from features.plausibility_codes import LOG_SILENT
from features.plausibility_note import PlausibilityNote
from features.wording import count_of

MIN_ORDER_DAYS = 30


def silence_notes(silence: Silence, as_of: date) -> Iterator[PlausibilityNote]:
    """A note where the silence at the end of the log is unusual; it blocks beyond the limit."""
    if not silence.is_unusual:
        return
    strays = f", but for {count_of(silence.stray_lines, 'later order line')}" if silence.stray_lines else ""
    end = silence.last_day + timedelta(days=1)
    yield PlausibilityNote(
        LOG_SILENT,
        "blocking" if silence.has_ended else "warning",
        f"The log ends on {silence.last_day}{strays}, {count_of(silence.days, 'silent day')} before {as_of}; its "
        f"longest silence before was {count_of(silence.longest_before, 'day')}",
        f"at most {count_of(silence.refuse_after if silence.has_ended else silence.warn_after, 'silent day')}",
        "Check that the export goes on"
        + (f"; for a log that ended, use --as-of {end}, or --accept-silence" if silence.has_ended else ""),
        silence.days,
    )


def gap_notes(known: OrderDays) -> Iterator[PlausibilityNote]:
    """A note on the longest silence inside the log, where it would have ended both the log before it and the rest."""
    if len(known.day) < MIN_ORDER_DAYS:
        return
    gaps = np.diff(known.day)
    longest = int(gaps.argmax())
    weeks = (int(gaps[longest]) - 1) // 7  # the gap is closed by whole weeks, which leaves the weekdays as they are
    closed = replace(known, day=np.concatenate([known.day[: longest + 1], known.day[longest + 1 :] - 7 * weeks]))
    limit = max(
        silence_of_days(part, int(part.day[-1]) + 1).refuse_after for part in (closed, known.first(longest + 1))
    )
    silent = int(gaps[longest]) - 1
    if silent <= limit:
        return
    first, last = (day_from_number(known.day[index]) for index in (longest, longest + 1))
    yield PlausibilityNote(
        "log_gap",
        "warning",
        f"There is no order line between {first} and {last}, {silent:,} days",
        f"at most {limit:,} days, by the rest of the log",
        "If an export of these days exists, add it",
        silent,
    )
