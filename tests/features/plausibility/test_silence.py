"""Silence: days without orders at the end of a log are unusual only beyond what the log ever had."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta

import numpy as np
import pytest

from features.calendar import DAY_US, day_number
from features.errors import NotEnoughData
from features.plausibility.order_days import OrderDays
from features.plausibility.silence import Silence, measure_silence, silence_of_days
from tests.logs import cutoff, history_of

FIRST, LAST = date(2024, 1, 1), date(2025, 12, 31)  # a Monday, a Wednesday


def calendar(is_open: Callable[[date], bool], last: date = LAST) -> list[date]:
    every = (FIRST + timedelta(days=number) for number in range((last - FIRST).days + 1))
    return [day for day in every if is_open(day)]


def after(days: Iterable[date], silent: int, lines: int = 10, strays: Iterable[date] = ()) -> Silence:
    """The silence of a log this number of days after its last day."""
    ordered = sorted(days)
    numbers = np.array([day_number(day) for day in (*ordered, *strays)])
    counts = np.array([lines] * len(ordered) + [1] * (len(numbers) - len(ordered)))
    return silence_of_days(OrderDays(numbers, counts, numbers * DAY_US), day_number(ordered[-1]) + silent + 1)


def test_a_shop_that_sells_every_day_is_unusual_after_one_silent_day() -> None:
    days = calendar(lambda _: True)
    assert not after(days, 0).is_unusual
    assert after(days, 1).is_unusual
    assert not after(days, 14).has_ended
    assert after(days, 15).has_ended


def test_the_silence_names_the_last_day_and_the_longest_silence_before() -> None:
    days = calendar(lambda day: not date(2024, 8, 5) <= day <= date(2024, 8, 12))
    silence = after(days, 30)
    assert (silence.last_day, silence.days, silence.longest_before, silence.stray_lines) == (LAST, 30, 8, 0)
    assert 8 <= silence.warn_after < 11
    assert 16 <= silence.refuse_after < 22


@pytest.mark.parametrize("last", [date(2025, 12, 26), date(2025, 12, 27), date(2025, 12, 24)])
def test_closed_weekends_are_no_silence(last: date) -> None:
    days = calendar(lambda day: day.weekday() < 5, last)
    silence = after(days, 0)
    first_open = silence.last_day + timedelta(days=silence.warn_after + 1)
    assert first_open.weekday() < 5
    assert silence.warn_after == (2 if silence.last_day.weekday() == 4 else 0)


def test_a_yearly_closure_that_was_seen_before_is_usual() -> None:
    closed = {11, 12, 1, 2}
    days = calendar(lambda day: day.month not in closed, date(2025, 10, 31))
    assert not after(days, 120).is_unusual
    assert after(days, 135).is_unusual
    assert after(days, 300).has_ended


def test_a_shop_with_few_orders_may_be_silent_for_long() -> None:
    draws = np.random.default_rng(3)
    days = calendar(lambda _: bool(draws.random() < 0.1))
    silence = after(days, 0)
    assert silence.longest_before < silence.warn_after < 2 * silence.longest_before
    assert silence.refuse_after > 60


@pytest.mark.parametrize("share", [0.03, 0.1, 0.3, 0.7])
def test_a_living_shop_is_hardly_ever_unusual_and_never_refused(share: float) -> None:
    draws = np.random.default_rng(11)
    unusual = refused = 0
    for _ in range(200):
        ordered = np.flatnonzero(draws.random(500) < share)
        as_of = int(draws.integers(max(60, ordered[4] + 1), 500))
        days = ordered[ordered < as_of]
        silence = silence_of_days(OrderDays(days, np.full(len(days), 3), days * DAY_US), as_of)
        unusual += silence.is_unusual
        refused += silence.has_ended
    assert unusual <= 6
    assert refused == 0


def test_a_log_of_one_day_is_silent_after_some_weeks() -> None:
    assert not after([LAST], 2).is_unusual
    assert after([LAST], 120).has_ended


def test_a_mistyped_line_in_a_later_year_does_not_keep_a_log_alive() -> None:
    days = calendar(lambda day: day.weekday() < 6)
    silence = after(days, 900, strays=[LAST + timedelta(days=400)])
    assert (silence.last_day, silence.days, silence.stray_lines) == (LAST, 900, 1)
    assert silence.has_ended
    assert silence.longest_before == 1


def test_the_first_orders_after_a_closure_are_no_mistake() -> None:
    days = calendar(lambda day: day.month in {5, 6, 7, 8}, date(2024, 8, 31))
    reopening = date(2025, 5, 1)
    silence = after(days, (reopening - days[-1]).days, strays=[reopening])
    assert (silence.last_day, silence.days, silence.stray_lines) == (reopening, 0, 0)


def test_the_silence_of_a_history_ends_with_its_last_order_line() -> None:
    log = history_of(
        *((f"c{number % 9}", f"{FIRST + timedelta(days=number)} 09:30", 10) for number in range(100)), zone="Asia/Tokyo"
    )
    now = cutoff("2024-05-01", "Asia/Tokyo")
    silence = measure_silence(log.before(now), now)
    assert (silence.last_day, silence.days) == (date(2024, 4, 9), 21)
    assert silence.log_until.isoformat() == "2024-04-09T00:30:00+00:00"
    assert silence.has_ended
    with pytest.raises(NotEnoughData, match="No order line before the cutoff"):
        measure_silence(log.before(cutoff("2020-01-01")), cutoff("2020-01-01"))
