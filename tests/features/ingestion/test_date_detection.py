"""Date detection: dates in any format are read, and dates that may mean two days are asked for."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from features.errors import InvalidLog
from tests.logs import Key, canonical_rows, ingest_keys, ingest_log, utc_instant


def log_of(*dates: str, header: str = "customer|at|amount") -> str:
    """A log of one order line per date."""
    return f"{header}\n" + "".join(f"c{line}|{date}|1\n" for line, date in enumerate(dates))


def instants(folder: Path, *dates: str, **orders: Key) -> list[datetime]:
    ingest_keys(folder, log_of(*dates), orders)
    return [
        instant for _, instant in canonical_rows(folder, "customer_id", "ordered_at") if isinstance(instant, datetime)
    ]


@pytest.mark.parametrize(
    ("dates", "date_format"),
    [
        (["31/01/2026 18:30", "01/02/2026 09:05"], '"%d/%m/%Y %H:%M"'),
        (["01/31/2026 6:30 PM", "02/01/2026 9:05 AM"], '"%m/%d/%Y %I:%M %p"'),
        (["31. Januar 2026 18:30", "1. Februar 2026 09:05"], '"%d. %B %Y %H:%M"'),
        (["2026年1月31日 18:30", "2026年2月1日 09:05"], '"%Y年%m月%d日 %H:%M"'),
        (["2026-01-31 18:30:00 +0000", "2026-02-01 10:05:00 +0100"], '"%Y-%m-%d %H:%M:%S %z"'),
        (["1769884200", "1769936700"], '"epoch_s"'),
        (["1769884200000", "1769936700000"], '"epoch_ms"'),
        (["46053.770833", "46054.378472"], '"excel"'),
    ],
)
def test_dates_that_can_be_read_in_one_way_only_are_read_with_a_note(
    tmp_path: Path, dates: list[str], date_format: str
) -> None:
    assert instants(tmp_path, *dates) == [utc_instant("2026-01-31 18:30"), utc_instant("2026-02-01 09:05")]
    (note,) = ingest_log(tmp_path, log_of(*dates)).notes
    assert (note.code, note.severity, note.count) == ("date_format_guessed", "info", 2)
    assert note.remedy == f"Set date_format = {date_format} to settle it"


def test_iso_dates_need_no_note(tmp_path: Path) -> None:
    assert ingest_log(tmp_path, log_of("2026-01-31", "2026-02-01T09:05:00Z")).notes == ()


def test_dates_whose_day_and_month_may_be_exchanged_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InvalidLog) as error:
        ingest_log(tmp_path, log_of("03/04/2026", "05/06/2026"))
    assert str(error.value).splitlines()[1] == (
        "  - [orders] ordered_at = 'at': '03/04/2026' may be 3 April 2026 (date_format = \"%d/%m/%Y\") or 4 March 2026 "
        '(date_format = "%m/%d/%Y"), and all lines can be read in these ways. Expected dates with one reading: set '
        "date_format to the one that is right."
    )


def test_one_day_above_12_settles_the_order_of_few_dates_but_not_of_thousands(tmp_path: Path) -> None:
    assert instants(tmp_path, "03/04/2026", "13/04/2026")[0] == utc_instant("2026-04-03")
    with pytest.raises(InvalidLog, match="may be 3 April 2026"):
        ingest_log(tmp_path, log_of(*["03/04/2026"] * 300, "13/04/2026"))


def test_dates_that_a_spreadsheet_has_swapped_where_it_could_are_asked_for(tmp_path: Path) -> None:
    text = [f"01/{day}/2026" for day in range(13, 25)]
    swapped = [f"{day:02}-02-2026" for day in range(1, 13)]
    with pytest.raises(InvalidLog, match="no date like '01-02-2026' has a day above 12") as error:
        ingest_log(tmp_path, log_of(*text, *swapped))
    assert 'set date_format = ["%m/%d/%Y", "%d-%m-%Y"] if they are swapped' in str(error.value)
    read = instants(tmp_path, *text, *swapped, date_format=["%m/%d/%Y", "%d-%m-%Y"])
    assert max(read) == utc_instant("2026-02-12")


def test_two_formats_of_dates_with_days_of_all_months_are_read(tmp_path: Path) -> None:
    days = range(1, 25)
    assert ingest_log(tmp_path, log_of(*(f"01/{d:02}/2026" for d in days), *(f"02-{d:02}-2026" for d in days))).notes


def test_a_date_format_that_fits_with_day_and_month_exchanged_is_noted(tmp_path: Path) -> None:
    (note,) = ingest_log(tmp_path, log_of("03/04/2026", "05/06/2026"), date_format="%d/%m/%Y").notes
    assert (note.code, note.severity, note.count) == ("dates_ambiguous", "warning", 2)
    assert "'03/04/2026' may be 3 April 2026 or 4 March 2026" in note.found
    assert ingest_log(tmp_path, log_of("03/04/2026", "15/06/2026"), date_format="%d/%m/%Y").notes == ()


def test_a_year_of_two_digits_is_never_of_the_first_century(tmp_path: Path) -> None:
    with pytest.raises(InvalidLog, match=r'date_format = "%d-%m-%y"'):
        ingest_log(tmp_path, log_of("06-01-23", "25-02-23"))
    assert instants(tmp_path, "06-01-23", "25-02-23", date_format="%d-%m-%y")[0] == utc_instant("2023-01-06")


def test_several_formats_are_tried_in_turn(tmp_path: Path) -> None:
    formats = ["%d.%m.%Y %H:%M", "%d.%m.%Y", "iso"]
    assert instants(tmp_path, "31.01.2026 18:30", "31.01.2026", "2026-02-01", date_format=formats) == [
        utc_instant("2026-01-31 18:30"), utc_instant("2026-01-31"), utc_instant("2026-02-01"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("day", "time", "keys"),
    [
        ("01/31/2026", "18:30:00", {"date_format": "%m/%d/%Y %H:%M:%S"}),
        ("01/31/2026", "6:30 PM", {}),
        ("2026-01-31", "18:30", {}),
        ("2026-01-31 00:00:00", "18:30:00", {}),
        ("2026-01-31", "1899-12-30 18:30:00", {}),
        ("2026-01-31", "0.770833", {}),
        ("46053", "0.770833", {"date_format": "excel"}),
    ],
)
def test_a_day_and_a_time_stand_in_two_columns(tmp_path: Path, day: str, time: str, keys: dict[str, Key]) -> None:
    log = f"customer|Order Day|Order Time|amount\nann|{day}|{time}|1\n"
    ingest_keys(tmp_path, log, {"ordered_at": "Order Day + Order Time", **keys})
    assert canonical_rows(tmp_path, "ordered_at") == [(utc_instant("2026-01-31 18:30"),)]


def test_two_columns_without_a_plus_sign_are_proposed_with_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidLog, match=r'Write ordered_at = "Date \+ Time" for a date and a time in two columns\.'):
        ingest_log(tmp_path, "customer|Date|Time|amount\nann|2026-01-31|18:30|1\n", ordered_at="Date Time")


def test_columns_are_tried_in_turn_and_those_that_do_not_exist_are_left_out(tmp_path: Path) -> None:
    log = "mail|phone|paid|made|amount\na@b.c|1|2026-01-31|2026-01-30|1\n|2||2026-01-29|1\n"
    ingest_log(tmp_path, log, customer_id=["Account", "mail", "phone"], ordered_at=["paid", "made"])
    assert canonical_rows(tmp_path, "customer_id", "ordered_at") == [
        ("2", utc_instant("2026-01-29")),
        ("a@b.c", utc_instant("2026-01-31")),
    ]


def test_an_unreadable_date_is_not_replaced_by_that_of_the_next_column(tmp_path: Path) -> None:
    with pytest.raises(InvalidLog, match=r"1 of 1 lines cannot be read, for example 'soon \| 2026-01-30'"):
        ingest_log(tmp_path, "customer|paid|made|amount\nann|soon|2026-01-30|1\n", ordered_at=["paid", "made"])


@pytest.mark.parametrize("written", ["", "0000-00-00", "0000-00-00 00:00:00", "0001-01-01", "NULL", "0"])
def test_no_date_is_nothing_in_an_optional_column_and_a_fault_in_a_required_one(tmp_path: Path, written: str) -> None:
    ingest_log(tmp_path, f"customer|at|seen|amount\nann|2026-01-31|{written}|1\n", recorded_at="seen")
    assert canonical_rows(tmp_path, "recorded_at") == [(None,)]
    with pytest.raises(InvalidLog, match="1 of 1 lines cannot be read"):
        ingest_log(tmp_path, log_of(written))
