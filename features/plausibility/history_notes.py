"""History notes: everything that looks implausible in a canonical log, as of a cutoff."""

from __future__ import annotations

from collections.abc import Iterator

from features.calendar import day_number
from features.config.shop import ShopConfig
from features.history import Cutoff, History
from features.plausibility.amounts import amount_notes
from features.plausibility.date_formats import midnight_notes, swapped_month_notes
from features.plausibility.dates import count_deciding_days, early_notes, later_notes, outlying_notes
from features.plausibility.gaps import gap_notes, silence_notes
from features.plausibility.identities import customer_lines, identity_notes
from features.plausibility.order_days import OrderDays
from features.plausibility.outlying_dates import OutlyingDates
from features.plausibility.silence import silence_of_days
from features.plausibility.twin_ids import twin_notes
from features.plausibility_note import PlausibilityNote


def history_notes(
    log: History, now: Cutoff, outlying: OutlyingDates | None, config: ShopConfig
) -> Iterator[PlausibilityNote]:
    """Notes on the order lines of a log: their dates, the end of the log, their customer ids and amounts.

    Args:
        log: the whole canonical log, with the lines from ``now`` on.
        now: the instant at which the known log ends.
        outlying: the few outlying dates of the log before ``now``.
        config: the shop's zone and currency.
    """
    known = log.before(now)
    days = OrderDays.from_history(known)
    later = OrderDays.from_history(log.after(now))
    if outlying is not None:
        yield from outlying_notes(outlying)
        days = days.since(day_number(outlying.first_day))
    yield from later_notes(days, later, now)
    if not days.total:
        return
    yield from early_notes(days)
    yield from swapped_month_notes(days)
    yield from midnight_notes(known, days, config.zone)
    if not count_deciding_days(days):
        yield from gap_notes(days)
    yield from silence_notes(silence_of_days(days, now.day_number), now.day)
    customers = customer_lines(known)
    yield from identity_notes(customers, int(days.day[-1] - days.day[0]) + 1)
    yield from twin_notes(customers)
    yield from amount_notes(known, config.currency)
