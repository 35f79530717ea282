"""Silence: the days without an order line at the end of a log, against the longest silence that the log ever had."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np

from features.arrays import Floats, Integers
from features.calendar import day_from_number, instant
from features.errors import NotEnoughData
from features.history import Cutoff, History
from features.plausibility.order_days import OrderDays

RECENT_DAYS = 364  # whole weeks, in which the weekdays on which the shop sells are counted
SLACK, REFUSAL_SLACK = 0.5, 5.0  # in trading days: days, each weighted by the share of its weekdays with an order line
REFUSAL_MULTIPLE, MIN_REFUSAL_DAYS = 2.0, 14
WARN_DOUBT, REFUSAL_DOUBT = 5, 20  # with as many order days, the longest silence counts twice
MAX_STRAY_LINES, MAX_STRAY_SHARE, MAX_SMALL_LOG_SHARE = 3, 0.001, 0.1


@dataclass(frozen=True)
class Silence:
    """The silence at the end of a log; all lengths are in whole local days without an order line."""

    last_day: date  # the last local day with an order line
    log_until: datetime  # the instant of the last order line, UTC
    days: int  # from the day after the last day to the day before the cutoff
    longest_before: int  # the longest silence between two order days of the log
    warn_after: int  # the longest silence after this last day that is usual for the log
    refuse_after: int  # the longest silence after which the log's answers still hold
    stray_lines: int = 0  # lines after a silence that had ended the log; they do not end it

    @property
    def is_unusual(self) -> bool:
        """Whether the silence exceeds what the log ever had."""
        return self.days > self.warn_after

    @property
    def has_ended(self) -> bool:
        """Whether the silence exceeds the limit beyond which nothing is scored."""
        return self.days > self.refuse_after


def measure_silence(history: History, now: Cutoff) -> Silence:
    """The silence between the last order line before the cutoff and the cutoff.

    Args:
        history: the log before the cutoff, without outlying dates.
        now: the instant at which the known log ends.

    Raises:
        NotEnoughData: the history has no order line.
    """
    days = OrderDays.from_history(history)
    if not len(days.day):
        raise NotEnoughData(
            "No order line before the cutoff. Expected at least one: check --as-of, the log's dates, and that "
            "customer_id names customers."
        )
    return silence_of_days(days, now.day_number)


def silence_of_days(days: OrderDays, as_of: int) -> Silence:
    """The silence at the end of a log, given its order days and the day of the cutoff, as days since 1970.

    A few lines after a silence that ended the log do not end that silence, unless the log goes on after them.
    """
    silence = _silence(days, as_of)
    total = int(days.lines.sum())
    few = min(max(MAX_STRAY_LINES, MAX_STRAY_SHARE * total), MAX_SMALL_LOG_SHARE * total)
    for count in range(len(days.day) - 1, 0, -1):
        later = int(days.lines[count:].sum())
        if later > few:
            break
        earlier = days.first(count)
        if not _silence(earlier, int(days.day[count])).has_ended:
            continue
        before = _silence(earlier, as_of)
        if as_of - 1 - int(days.day[-1]) > before.refuse_after:
            silence = replace(before, stray_lines=later)
    return silence


def _silence(days: OrderDays, as_of: int) -> Silence:
    last = int(days.day[-1])
    shares = _weekday_shares(days.day)
    calendar_longest, longest = _longest_silence(days.day, shares)
    order_days = len(days.day)
    warn = (longest + SLACK) * (1 + WARN_DOUBT / order_days)
    refuse = max(REFUSAL_MULTIPLE * longest, longest + REFUSAL_SLACK) * (1 + REFUSAL_DOUBT / order_days)
    warn_after = _calendar_days(last, shares, warn)
    return Silence(
        last_day=day_from_number(last),
        log_until=instant(int(days.last_us[-1])),
        days=as_of - last - 1,
        longest_before=calendar_longest,
        warn_after=warn_after,
        refuse_after=max(_calendar_days(last, shares, refuse), MIN_REFUSAL_DAYS, warn_after),
    )


def _weekday_shares(day: Integers) -> Floats:
    """The share of the days with an order line, of each weekday, (7,), counted from day 0 of 1970.

    A weekday is weighted with one day of the average weekday, so that a weekday that the log never had has a share.
    """
    first = max(int(day[0]), int(day[-1]) - RECENT_DAYS + 1)
    span = np.bincount(np.arange(first, int(day[-1]) + 1) % 7, minlength=7)
    ordered = np.bincount(day[day >= first] % 7, minlength=7)
    average = ordered.sum() / span.sum()
    shares: Floats = (ordered + average) / (span + 1)
    return shares


def _longest_silence(day: Integers, shares: Floats) -> tuple[int, float]:
    """The longest silence between two order days, in calendar days and in trading days; 0 without one."""
    if len(day) < 2:
        return 0, 0.0
    starts, calendar = day[:-1] + 1, np.diff(day) - 1
    weeks, rest = np.divmod(calendar, 7)
    # Two weeks of shares, summed from their beginning, give the sum of any up to seven days in a row.
    running = np.concatenate([[0.0], np.cumsum(np.tile(shares, 2))])
    weekday = starts % 7
    trading = weeks * shares.sum() + running[weekday + rest] - running[weekday]
    return int(calendar.max()), float(trading.max())


def _calendar_days(last: int, shares: Floats, trading_days: float) -> int:
    """The most calendar days after a last day that have no more than these trading days."""
    weeks = int(trading_days // shares.sum())
    days = np.arange(last + 1, last + 15) % 7
    running = weeks * shares.sum() + np.cumsum(shares[days])
    return weeks * 7 + int((running <= trading_days).sum())
