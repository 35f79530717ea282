"""Calendar: local days begin at the first instant of the time zone's day, whatever its clock changes are."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.calendar import day_from_number, day_number, instant, local_day, micros, start_of_day

ZONES = [
    "UTC",
    "Europe/London",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Havana",
    "Australia/Lord_Howe",
    "Asia/Tehran",
]
days = st.dates(date(1990, 1, 1), date(2035, 12, 31))
zones = st.sampled_from(ZONES).map(ZoneInfo)


@given(days, zones)
def test_a_day_begins_with_its_first_instant(day: date, zone: ZoneInfo) -> None:
    first = micros(start_of_day(day, zone))
    assert local_day(first, zone) == day
    assert local_day(first - 1, zone) == day - timedelta(days=1)


@given(days, zones)
def test_days_do_not_overlap(day: date, zone: ZoneInfo) -> None:
    hours = (start_of_day(day + timedelta(days=1), zone) - start_of_day(day, zone)) / timedelta(hours=1)
    assert 22 <= hours <= 26


@given(st.datetimes(datetime(1990, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001 -- hypothesis adds it
def test_an_instant_survives_as_microseconds(moment: datetime) -> None:
    assert instant(micros(moment)) == moment


@given(st.dates())
def test_a_day_survives_as_a_number(day: date) -> None:
    assert day_from_number(day_number(day)) == day


def test_a_week_in_which_the_clocks_change_has_seven_days_and_not_168_hours() -> None:
    london = ZoneInfo("Europe/London")
    spring = start_of_day(date(2026, 4, 1), london) - start_of_day(date(2026, 3, 25), london)
    autumn = start_of_day(date(2026, 10, 28), london) - start_of_day(date(2026, 10, 21), london)
    assert (spring, autumn) == (timedelta(hours=167), timedelta(hours=169))


@pytest.mark.parametrize("zone", ZONES)
def test_ingestion_reads_the_same_calendar(zone: str) -> None:
    """DuckDB reads every midnight of 1990 to 2035 as the calendar does, or an hour later if it occurs twice."""
    connection = duckdb.connect()
    connection.execute(f"SET TimeZone='{zone}'")
    all_days = [date(1990, 1, 1) + timedelta(days=number) for number in range(16_800)]
    rows = connection.execute(
        "SELECT epoch_us(CAST(CAST(day AS VARCHAR) AS TIMESTAMPTZ)) FROM (SELECT unnest(?) AS day) ORDER BY day",
        [all_days],
    ).fetchall()
    ingested = [row[0] for row in rows]
    expected = [micros(start_of_day(day, ZoneInfo(zone))) for day in all_days]
    assert all(0 <= midnight - start <= 3_600_000_000 for midnight, start in zip(ingested, expected, strict=True))
    assert [local_day(midnight, ZoneInfo(zone)) for midnight in ingested] == all_days
