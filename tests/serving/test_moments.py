"""Instants: a caller sends a date-time with an offset, the shop's wall clock, or a date."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.moments import parse_datetime, resolve_instant, rfc3339, start_of_shop_day
from tests.serving.fakes import AMSTERDAM, DAY, timestamp_us


def test_an_offset_is_taken_at_its_word() -> None:
    assert rfc3339(timestamp_us("2026-07-01T12:00:00+05:30")) == "2026-07-01T06:30:00Z"


def test_without_an_offset_it_is_the_shops_wall_clock() -> None:
    assert rfc3339(timestamp_us("2026-07-01T12:00:00")) == "2026-07-01T10:00:00Z"


def test_a_plain_date_is_that_local_days_beginning() -> None:
    assert rfc3339(timestamp_us("2026-07-01")) == "2026-06-30T22:00:00Z"


def test_small_letters_and_fractions_are_rfc_3339_too() -> None:
    assert rfc3339(timestamp_us("2026-07-01t12:00:00.25z")) == "2026-07-01T12:00:00.250000Z"


@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "20260701", "2026-W27-3", "2026-13-01", "2026-02-30", "2026-07-01T25:00", "2026-07-01T12",
     "2026-07-01T12:00:00+0530", "2026-07-01 ", "\uff12026-07-01", 1782864000, 1.5, True, None],
)  # fmt: skip
def test_anything_else_is_refused_with_examples(text: object) -> None:
    with pytest.raises(ValueError, match=r"^Found .*; expected an RFC 3339 date-time such as 2026-11-21T10:30:00Z"):
        parse_datetime(text)


@pytest.mark.parametrize("text", ["0001-01-01", "1969-12-31T23:59:59Z", "9999-12-31"])
def test_a_year_no_answer_could_be_written_for_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="lies outside the years 1970 to 9990"):
        parse_datetime(text)


def test_what_is_already_an_instant_or_a_day_is_taken_as_it_is() -> None:
    assert parse_datetime(datetime(2026, 7, 1, 12)) == datetime(2026, 7, 1, 12)  # noqa: DTZ001 - a wall clock
    assert parse_datetime(date(2026, 7, 1)) == datetime(2026, 7, 1)  # noqa: DTZ001


def test_a_day_begins_where_the_clocks_make_it_begin() -> None:
    santiago = ZoneInfo("America/Santiago")  # midnight of 2026-09-06 does not exist there
    assert rfc3339(resolve_instant(parse_datetime("2026-09-06"), santiago)) == "2026-09-06T04:00:00Z"


@given(st.integers(timestamp_us("1971-01-01"), timestamp_us("2100-01-01")))
def test_an_instant_lies_in_the_day_that_began_last(instant: int) -> None:
    day_start = start_of_shop_day(instant, AMSTERDAM)
    assert day_start <= instant < day_start + 1.05 * DAY
    assert start_of_shop_day(day_start, AMSTERDAM) == day_start
    assert timestamp_us(rfc3339(instant)) == instant
