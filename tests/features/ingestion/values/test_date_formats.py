"""Date formats: a date means the day that the shop wrote, and a date that may mean two days is not guessed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.ingestion.values.date_formats import DateFormats, date_format_fault, instant_sql
from features.ingestion.values.date_guesses import candidate_date_formats, rank_date_formats
from features.ingestion.values.month_names import months_by_name
from tests.logs import FEW_EXAMPLES

FIRST, LAST = datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2060-01-01")
DAYS = [date(2024, 1, 6) + timedelta(days) for days in range(0, 300, 3)]


def guess_date_formats(texts: Iterable[str]) -> list[DateFormats]:
    """The readings of which each reads every text as a date."""
    distinct = list(dict.fromkeys(texts))
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'")
    connection.execute("CREATE TABLE texts AS SELECT unnest(?::VARCHAR[]) AS text", [distinct])
    guesses = rank_date_formats(connection, "texts", candidate_date_formats(distinct))
    return [guess.date_formats for guess in guesses if not guess.unreadable]


def read(text: str, *date_formats: str, zone: str = "Europe/Berlin") -> str | None:
    """The instant in UTC that a text means."""
    connection = duckdb.connect()
    connection.execute(f"SET TimeZone='{zone}'")
    instant = f"strftime({instant_sql('text', date_formats)} AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M:%S')"
    value: str | None = connection.sql("SELECT ? AS text", params=[text]).project(instant).fetchall()[0][0]
    return value


@pytest.mark.parametrize(
    ("text", "date_format", "instant"),
    [
        ("1672995900", "epoch_s", "2023-01-06 09:05:00"),
        ("1672995900.25", "epoch_s", "2023-01-06 09:05:00"),
        ("1672995900123", "epoch_ms", "2023-01-06 09:05:00"),
        ("44932.37847", "excel", "2023-01-06 08:05:00"),
        ("44932,37847", "excel", "2023-01-06 08:05:00"),
        ("44932", "excel", "2023-01-05 23:00:00"),
        ("44932.9999999", "excel", "2023-01-06 23:00:00"),
        ("06.01.23", "%d.%m.%y", "2023-01-05 23:00:00"),
        ("2023-01-03 11:59:00 +0100", "%Y-%m-%d %H:%M:%S %z", "2023-01-03 10:59:00"),
        ("2023-01-03 11:59:00 Z", "%Y-%m-%d %H:%M:%S %z", "2023-01-03 11:59:00"),
        ("2023-01-03T11:59:00Z", "%Y-%m-%dT%H:%M:%SZ", "2023-01-03 11:59:00"),  # the letter of UTC, not a letter
        ("03.01.2023 11:59 UTC", "%d.%m.%Y %H:%M UTC", "2023-01-03 11:59:00"),
        ("1/3/2023 1:05 pm", "%m/%d/%Y %I:%M %p", "2023-01-03 12:05:00"),
        ("1/3/2023 1:05 p. m.", "%m/%d/%Y %I:%M %p", "2023-01-03 12:05:00"),
        ("2023年1月3日 下午1:05", "%Y年%m月%d日 %p%I:%M", "2023-01-03 12:05:00"),
        ("3. März 2023", "%d. %B %Y", "2023-03-02 23:00:00"),
        ("3 août 2023", "%d %B %Y", "2023-08-02 22:00:00"),
        ("3 de enero de 2023", "%d de %B de %Y", "2023-01-02 23:00:00"),
        ("03-OKT-23", "%d-%b-%y", "2023-10-02 22:00:00"),
        ("14 paź 2023", "%d %b %Y", "2023-10-13 22:00:00"),
    ],
)
def test_a_date_is_read_in_its_format(text: str, date_format: str, instant: str) -> None:
    assert read(text, date_format) == instant


@pytest.mark.parametrize(
    ("text", "date_format"),
    [
        ("06-01-23", "iso"),  # the year 6
        ("06.01.23", "%d.%m.%Y"),  # the year 23
        ("1823-01-06", "iso"),
        ("infinity", "iso"),
        ("infinity", "%d.%m.%Y"),  # DuckDB would read 1900-01-01
        ("1672995900", "epoch_ms"),  # 1970
        ("1672995900000", "epoch_s"),  # the year 54985
        ("1672995900", "excel"),
        ("31.02.2023", "%d.%m.%Y"),
        ("soon", "epoch_s"),
    ],
)
def test_a_date_of_an_impossible_year_is_unreadable(text: str, date_format: str) -> None:
    assert read(text, date_format) is None


def test_formats_are_tried_in_turn() -> None:
    formats = ("%d.%m.%Y %H:%M", "%d.%m.%Y", "epoch_s")
    assert [read(text, *formats, zone="UTC") for text in ("03.01.2023 11:59", "03.01.2023", "1672995900", "soon")] == [
        "2023-01-03 11:59:00", "2023-01-03 00:00:00", "2023-01-06 09:05:00", None,
    ]  # fmt: skip


@pytest.mark.parametrize("date_format", ["%d.%m.%Y", "%Y%m%d", "%b %d %y", "iso", "excel", "epoch_s", "epoch_ms", "%c"])
def test_a_format_with_day_month_and_year_is_one(date_format: str) -> None:
    assert date_format_fault(date_format) == ""


@pytest.mark.parametrize(
    ("texts", "formats"),
    [
        (["2023-01-03", "2023-01-04 10:00"], [("iso",)]),
        (["03/04/2023", "14/05/2023"], [("%d/%m/%Y",)]),
        (["03/04/2023", "05/14/2023"], [("%m/%d/%Y",)]),
        (["03/04/2023", "04/05/2023"], [("%d/%m/%Y",), ("%m/%d/%Y",)]),
        (["03/03/2023", "04/04/2023"], [("%d/%m/%Y",)]),
        (["03.01.2023 11:59", "13.01.2023"], [("%d.%m.%Y %H:%M", "%d.%m.%Y")]),
        (["3. Januar 2023 11:59 Uhr", "13. März 2023 12:00 Uhr"], [("%d. %B %Y %H:%M Uhr",)]),
        (["Jan 3, 2023 1:05 PM", "Oct 13, 2023 1:05 AM"], [("%b %d, %Y %I:%M %p",)]),
        (["2023年1月3日 11:59", "2023年11月13日 01:59"], [("%Y年%m月%d日 %H:%M",)]),
        (["2023-01-03 11:59:00 +0100"], [("%Y-%m-%d %H:%M:%S %z",)]),
        (["Tue, 03 Jan 2023 11:00:00 GMT", "Wed, 04 Jan 2023 11:00:00 GMT"], [("%a, %d %b %Y %H:%M:%S %Z",)]),
        (["1672995900", "1672995901"], [("epoch_s",)]),
        (["1672995900000"], [("epoch_ms",)]),
        (["44932.37847", "45000"], [("excel",)]),
        (["20230103", "20231231"], [("%Y%m%d",)]),
        (["06-01-23", "25-02-23"], [("%d-%m-%y",), ("%y-%m-%d",)]),
        (["2023-01-03", "not known"], []),
        (["12.5"], []),
    ],
)
def test_a_column_has_the_readings_in_which_all_of_it_is_dates(texts: list[str], formats: list[DateFormats]) -> None:
    assert guess_date_formats(texts) == formats


@pytest.mark.parametrize("date_format", ["%d-%m-%y", "%m/%d/%y", "%y%m%d", "%y/%m/%d", "%d.%m.%y"])
def test_a_year_of_two_digits_is_found_where_days_of_a_whole_year_show_it(date_format: str) -> None:
    assert guess_date_formats(day.strftime(date_format) for day in DAYS) == [(date_format,)]


@FEW_EXAMPLES
@given(
    moments=st.lists(st.datetimes(FIRST, LAST), min_size=1, max_size=10),
    date_format=st.sampled_from(
        ["%d.%m.%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%d-%b-%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S"]
    ),
)
def test_what_was_written_in_a_format_is_among_its_readings(moments: list[datetime], date_format: str) -> None:
    texts = [moment.strftime(date_format) for moment in moments]
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'")
    readings = [[read(text, *formats, zone="UTC") for text in texts] for formats in guess_date_formats(texts)]
    assert [f"{moment:%Y-%m-%d %H:%M:%S}" for moment in moments] in readings


def test_no_name_means_two_months() -> None:
    names = months_by_name()
    assert len(names) > 100
    assert {names[name] for name in ("march", "märz", "mars", "marzo", "março", "maart", "marca", "mrz")} == {3}
