"""Value parsing: ids, amounts and times keep their meaning from the raw log to the canonical history."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from tests.logs import canonical_rows, ingest_log, utc_instant


def days(folder: Path) -> list[tuple[object, ...]]:
    """The customer and the local day, as a date, of every line."""
    rows = canonical_rows(folder, "customer_id", "day_number")
    return [(customer, datetime.fromtimestamp(int(str(day)) * 86400, UTC).date().isoformat()) for customer, day in rows]


@pytest.mark.parametrize(
    "customer",
    ["0017", "18446744073709551617", "a b", "Zoë", "顧客-1", "1e5", "1.5", "Ann", "null-1", '"', "o'neill"],
)
def test_an_id_comes_out_as_it_went_in(tmp_path: Path, customer: str) -> None:
    ingest_log(tmp_path, pa.table({"customer": [customer], "at": ["2026-01-31"], "amount": [1]}), path="orders.parquet")
    assert canonical_rows(tmp_path, "customer_id") == [(customer,)]
    quoted = customer.replace('"', '""')
    ingest_log(tmp_path, f'customer,at,amount\n"{quoted}",2026-01-31,1\n')
    assert canonical_rows(tmp_path, "customer_id") == [(customer,)]


@pytest.mark.parametrize(
    ("stored", "digits"),
    [
        (pa.array([17850.0]), "17850"),
        (pa.array([1e20]), "100000000000000000000"),
        (pa.array([2.5]), "2.5"),
        (pa.array([17850.0], pa.float32()), "17850"),
        (pa.array([2**63 - 1]), "9223372036854775807"),
        (pa.array([2**64 - 1], pa.uint64()), "18446744073709551615"),
        (pa.array([Decimal(2**64)], pa.decimal128(30, 0)), "18446744073709551616"),
        (pa.array(["Zoë".encode()]), "Zoë"),
        (pa.array(["0017"]).dictionary_encode(), "0017"),
    ],
)
def test_an_id_of_another_type_keeps_its_digits(tmp_path: Path, stored: pa.Array, digits: str) -> None:
    ingest_log(tmp_path, pa.table({"customer": stored, "at": ["2026-01-31"], "amount": [1]}), path="orders.parquet")
    assert canonical_rows(tmp_path, "customer_id") == [(digits,)]


def test_ids_that_are_gaps_in_a_column_of_numbers_are_nobody(tmp_path: Path) -> None:
    ids = pa.array([17850.0, None, math.nan, math.inf])
    manifest = ingest_log(
        tmp_path, pa.table({"customer": ids, "at": ["2026-01-31"] * 4, "amount": [1] * 4}), path="o.parquet"
    )
    assert (manifest.tables[0].without_customer, canonical_rows(tmp_path, "customer_id")) == (3, [("17850",)])


def test_a_return_is_a_negative_amount(tmp_path: Path) -> None:
    log = "customer,at,Quantity,Unit Price\nann,2026-01-31,3,0.1\nann,2026-02-01,-1,0.1\n"
    ingest_log(tmp_path, log, amount='Quantity * "Unit Price"', quantity="Quantity")
    assert canonical_rows(tmp_path, "ordered_at", "amount", "quantity") == [
        (utc_instant("2026-01-31"), Decimal("0.3000"), Decimal(3)),
        (utc_instant("2026-02-01"), Decimal("-0.1000"), Decimal(-1)),
    ]


def test_discounts_may_be_an_expression_and_may_be_missing(tmp_path: Path) -> None:
    log = "customer,at,amount,a,b\nann,2026-01-31,1,0.5,0.25\nbob,2026-01-31,1,,0.25\ncy,2026-01-31,1,,\n"
    ingest_log(tmp_path, log, discount="a + b")
    assert canonical_rows(tmp_path, "customer_id", "discount") == [
        ("ann", Decimal("0.7500")),
        ("bob", Decimal("0.2500")),
        ("cy", None),
    ]


def test_a_shop_without_prices_may_count_every_line_as_one(tmp_path: Path) -> None:
    ingest_log(tmp_path, "customer,at\nann,2026-01-31\n", amount="1")
    assert canonical_rows(tmp_path, "amount") == [(Decimal("1.0000"),)]


@pytest.mark.parametrize(
    ("zone", "written", "instant", "day"),
    [
        ("Europe/London", "2026-01-31", "2026-01-31 00:00", "2026-01-31"),
        ("America/New_York", "2026-01-31 18:30", "2026-01-31 23:30", "2026-01-31"),
        ("America/New_York", "2026-01-31 23:30:59.5", "2026-02-01 04:30:59.5", "2026-01-31"),
        ("America/New_York", " 2026-01-31T02:00:00Z ", "2026-01-31 02:00", "2026-01-30"),
        ("America/New_York", "2026-01-31 02:00:00+05:30", "2026-01-30 20:30", "2026-01-30"),
        ("Europe/London", "2026-03-29 01:30", "2026-03-29 01:30", "2026-03-29"),  # no such time: the clock had gone on
        ("Europe/London", "2026-10-25 01:30", "2026-10-25 01:30", "2026-10-25"),  # twice: the second, in winter time
        ("Europe/London", "2026-10-25 01:30+01:00", "2026-10-25 00:30", "2026-10-25"),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04 03:00", "2018-11-04"),  # a day that began at one o'clock
        ("America/Havana", "2026-11-01", "2026-11-01 05:00", "2026-11-01"),  # midnight came twice
    ],
)
def test_a_time_is_what_the_shops_clock_showed(tmp_path: Path, zone: str, written: str, instant: str, day: str) -> None:
    ingest_log(tmp_path, f"customer,at,amount\nann,{written},1\n", zone=zone)
    assert canonical_rows(tmp_path, "ordered_at") == [(utc_instant(instant),)]
    assert days(tmp_path) == [("ann", day)]


@pytest.mark.parametrize(
    ("date_format", "written", "instant"),
    [
        ("%m/%d/%Y", "01/31/2026", "2026-01-31 05:00"),
        ("%d.%m.%y %H:%M", "31.01.26 18:30", "2026-01-31 23:30"),
        ("%d.%m.%Y %H:%M %z", "31.01.2026 18:30 +0200", "2026-01-31 16:30"),
        ("%Y%m%d", "20260131", "2026-01-31 05:00"),
    ],
)
def test_a_date_is_read_as_the_shop_writes_it(tmp_path: Path, date_format: str, written: str, instant: str) -> None:
    ingest_log(tmp_path, f"customer,at,amount\nann,{written},1\n", zone="America/New_York", date_format=date_format)
    assert canonical_rows(tmp_path, "ordered_at") == [(utc_instant(instant),)]


@pytest.mark.parametrize("stored", [pa.array([20260131]), pa.array([20260131.0, None])[:1], pa.array(["20260131"])])
def test_a_date_kept_as_a_number_is_read_by_its_digits(tmp_path: Path, stored: pa.Array) -> None:
    log = pa.table({"customer": ["ann"], "at": stored, "amount": [1]})
    ingest_log(tmp_path, log, path="orders.parquet", date_format="%Y%m%d")
    assert canonical_rows(tmp_path, "ordered_at") == [(utc_instant("2026-01-31"),)]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_a_parquet_timestamp_is_wall_clock_unless_it_has_an_offset(tmp_path: Path, unit: str) -> None:
    noon = datetime(2026, 7, 1, 12)  # noqa: DTZ001 -- a wall clock
    for kind, instant in ((pa.timestamp(unit), "2026-07-01 16:00"), (pa.timestamp(unit, "UTC"), "2026-07-01 12:00")):
        log = pa.table({"customer": ["ann"], "at": pa.array([noon], kind), "amount": [1]})
        ingest_log(tmp_path, log, path="orders.parquet", zone="America/New_York")
        assert canonical_rows(tmp_path, "ordered_at") == [(utc_instant(instant),)]


@pytest.mark.parametrize("amounts", [[9.99], [Decimal("9.99")], ["9.99"]])
def test_an_amount_may_be_stored_as_any_number(tmp_path: Path, amounts: list[object]) -> None:
    ingest_log(tmp_path, pa.table({"customer": ["a"], "at": ["2026-01-31"], "amount": amounts}), path="orders.parquet")
    assert canonical_rows(tmp_path, "amount") == [(Decimal("9.9900"),)]
