"""Ingestion: a valid raw log becomes the canonical history; an invalid one lists all its faults and writes nothing."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.config.shop import read_shop_config
from features.errors import InvalidLog
from features.ingestion.ingest import ingest
from features.ingestion.manifest import read_manifest
from features.ingestion.source_digests import source_digest
from tests.logs import Key, Keys, canonical_rows, ingest_log, utc_instant, write_config


def ingestion_errors(folder: Path, log: str | bytes, *, events: Keys | None = None, **orders: Key) -> str:
    """The faults of an invalid log, after a check that nothing was written."""
    with pytest.raises(InvalidLog) as error:
        ingest_log(folder, log, zone="UTC", events=events, **orders)
    assert not [file for file in (folder / "history").rglob("*") if file.is_file()]
    first, *faults = str(error.value).splitlines()
    assert first == "The log is not as flywheel.toml describes it:"
    return "\n".join(fault.removeprefix("  - ") for fault in faults)


def test_an_order_line_is_kept_as_an_instant_and_a_decimal(tmp_path: Path) -> None:
    manifest = ingest_log(tmp_path, "customer,at,amount\nann,2026-07-01 00:30,9.99\n", zone="Europe/London")
    instant = utc_instant("2026-06-30 23:30")
    assert canonical_rows(tmp_path, "customer_id", "ordered_at", "amount", "at_us", "day_number") == [
        ("ann", instant, Decimal("9.9900"), int(instant.timestamp() * 1e6), 20_635)
    ]
    assert pq.read_schema(tmp_path / "history" / "orders.parquet").field("ordered_at").type == pa.timestamp("us", "UTC")
    assert read_manifest(tmp_path / "history") == manifest


def test_lines_of_nobody_are_left_out_and_counted(tmp_path: Path) -> None:
    log = "customer,at,amount\nann,2026-01-31,1\n,2026-01-31,2\n  ,2026-01-31,3\n(Anonymous),never,x\nguest,,\n"
    summary = ingest_log(tmp_path, log, anonymous=["(Anonymous)", "guest"]).tables[0]
    assert (summary.lines, summary.without_customer, summary.written, summary.customers) == (5, 4, 1, 1)
    assert canonical_rows(tmp_path, "customer_id") == [("ann",)]


def test_a_log_without_amounts_is_a_log(tmp_path: Path) -> None:
    summary = ingest_log(tmp_path, "customer,at\nann,2026-01-31\n", amount=None).tables[0]
    assert summary.columns == ("customer_id", "ordered_at")


def test_every_table_that_the_shop_has_is_taken(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("customer,at,kind,s\nann,2026-01-30 10:00,visit,30\n,2026-01-30,visit,\n")
    config = write_config(tmp_path, events={"duration_s": "s"})
    (tmp_path / "orders.csv").write_text("customer,at,amount\nann,2026-01-31,1\n")
    tables = ingest(config, tmp_path / "history").tables
    assert [(table.table, table.lines, table.written) for table in tables] == [("orders", 1, 1), ("events", 2, 1)]
    assert canonical_rows(tmp_path, "customer_id", "kind", "duration_s", table="events") == [
        ("ann", "visit", Decimal(30))
    ]


def test_a_touch_names_its_decision_its_cost_and_when_it_was_recorded(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("customer,at,amount\nann,2026-01-31,5\n")
    (tmp_path / "touches.csv").write_text(
        "who,at,what,decision,audience,prediction,cost,seen\nann,2026-01-30,spring,d1,a1,p1,0.05,2026-02-02\n"
    )
    write_config(tmp_path)
    (tmp_path / "flywheel.toml").write_text(
        (tmp_path / "flywheel.toml").read_text()
        + '\n[touches]\npath="touches.csv"\ncustomer_id="who"\nsent_at="at"\ncampaign_id="what"\n'
        'decision_id="decision"\naudience_id="audience"\nprediction_id="prediction"\ncost="cost"\nrecorded_at="seen"\n'
    )
    ingest(read_shop_config(tmp_path / "flywheel.toml"), tmp_path / "history")
    names = ("decision_id", "audience_id", "prediction_id", "cost", "recorded_at")
    [row] = canonical_rows(tmp_path, *names, table="touches")
    assert row == ("d1", "a1", "p1", Decimal("0.05"), utc_instant("2026-02-02"))


def test_touches_consents_and_costs_are_taken_too(tmp_path: Path) -> None:
    write_config(tmp_path)
    (tmp_path / "orders.csv").write_text("customer,at,amount\nann,2026-01-31,1\n")
    (tmp_path / "touches.csv").write_text("who,at,what,treated\nann,2026-01-30,spring,yes\n")
    (tmp_path / "consents.csv").write_text("who,why,how,granted,at\nann,ads,mail,false,2026-01-30\n")
    (tmp_path / "costs.csv").write_text("day,from,paid\n2026-01-30,search,12.5\n")
    with (tmp_path / "flywheel.toml").open("a") as file:
        file.write(
            '\n[touches]\npath="touches.csv"\ncustomer_id="who"\nsent_at="at"\ncampaign_id="what"\ntreated="treated"\n'
            '[consents]\npath="consents.csv"\ncustomer_id="who"\npurpose="why"\nchannel="how"\ngranted="granted"\n'
            'changed_at="at"\n[costs]\npath="costs.csv"\nday="day"\nsource="from"\namount="paid"\n'
        )
    ingest(read_shop_config(tmp_path / "flywheel.toml"), tmp_path / "history")
    assert canonical_rows(tmp_path, "campaign_id", "treated", table="touches") == [("spring", True)]
    assert canonical_rows(tmp_path, "purpose", "granted", table="consents") == [("ads", False)]
    assert canonical_rows(tmp_path, "source", "amount", table="costs") == [("search", Decimal("12.5000"))]


def test_a_table_that_is_no_longer_described_is_no_longer_there(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("customer,at,kind\nann,2026-01-30,visit\n")
    log = "customer,at,amount\nann,2026-01-31,1\n"
    ingest_log(tmp_path, log, events={})
    ingest_log(tmp_path, log)
    assert sorted(file.name for file in (tmp_path / "history").iterdir()) == [
        "lines_by_customer.parquet",
        "manifest.json",
        "orders.parquet",
    ]


def test_a_log_that_has_grown_is_seen_to_have_changed(tmp_path: Path) -> None:
    log = "customer,at,amount\nann,2026-01-31,1\n"
    manifest = ingest_log(tmp_path, log)
    assert source_digest(write_config(tmp_path)) == manifest.source
    (tmp_path / "orders.csv").write_text(log + "bob,2026-01-31,1\n")
    assert source_digest(write_config(tmp_path)) != manifest.source


def test_a_bad_log_leaves_the_history_as_it_was(tmp_path: Path) -> None:
    manifest = ingest_log(tmp_path, "customer,at,amount\nann,2026-01-31,1\n")
    with pytest.raises(InvalidLog):
        ingest_log(tmp_path, "customer,at,amount\nann,2026-01-31,many\n")
    assert read_manifest(tmp_path / "history") == manifest
    assert canonical_rows(tmp_path, "customer_id") == [("ann",)]


def test_a_history_that_was_never_made_has_no_manifest(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) is None


def test_a_history_of_another_version_is_ingested_again(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(
        '{"config": "c", "source": "s", "tables": [{"table": "orders", "columns": []}]}'
    )
    assert read_manifest(tmp_path) is None


def test_a_missing_column_names_those_that_are_there(tmp_path: Path) -> None:
    assert ingestion_errors(tmp_path, "customer,at,price,number\nann,2026-01-31,1,2\n", amount="price * count") == (
        "[orders] amount = 'price * count': no column 'count' in 'orders.csv'. Columns found: customer, at, price, "
        "number. Name one of these."
    )


def test_an_amount_that_is_no_arithmetic_names_the_columns_too(tmp_path: Path) -> None:
    assert ingestion_errors(tmp_path, "customer,at,Unit Price\nann,2026-01-31,1\n", amount="Unit Pric") == (
        "[orders] amount: 'Unit Pric' is neither a column nor arithmetic. Expected a column, or columns and numbers "
        "joined by + - * / and brackets, with quotes around names with spaces, as in "
        '`Quantity * "Unit Price"`. Correct it. Columns found: customer, at, Unit Price.'
    )


def test_a_column_that_one_of_the_files_lacks_is_missing(tmp_path: Path) -> None:
    (tmp_path / "orders-1.csv").write_text("at,amount\n2026-01-31,1\n")
    (tmp_path / "orders-2.csv").write_text("customer,at,amount\nann,2026-01-31,1\n")
    with pytest.raises(
        InvalidLog, match=r"\[orders\] customer_id = 'customer': no column 'customer' in the file orders-1.csv"
    ):
        ingest(write_config(tmp_path, path="orders-*.csv"), tmp_path / "history")


@pytest.mark.parametrize("amount", ["many", "inf", "-inf", "1,5,0", "5 pieces", "1e300", "12 %", "(5", "--5"])
def test_an_amount_that_is_no_number_is_refused(tmp_path: Path, amount: str) -> None:
    assert ingestion_errors(tmp_path, f'customer,at,amount\nann,2026-01-31,"{amount}"\nbob,2026-01-31,1\n') == (
        f"[orders] amount = 'amount': 1 of 2 lines cannot be read, for example {amount!r}. "
        "Expected a plain number with a decimal point; set decimal and thousands for another format."
    )


@pytest.mark.parametrize("written", ["31/01/2026", "2026-02-30", "", "infinity", "0031-01-26", "soon", "now"])
def test_a_date_that_is_none_is_refused(tmp_path: Path, written: str) -> None:
    assert ingestion_errors(tmp_path, f"customer,at,amount\nann,{written},1\nbob,2026-01-31,1\n") == (
        f"[orders] ordered_at = 'at': 1 of 2 lines cannot be read, for example {written or '(empty)'!r}. Expected "
        "a date or time like 2026-01-31 or 2026-01-31 18:30:00; set date_format for another format."
    )


def test_a_date_written_otherwise_than_date_format_says_is_told_the_format(tmp_path: Path) -> None:
    assert ingestion_errors(tmp_path, "customer,at,amount\nann,31.01.2026 20:03,1\n", date_format="%m/%d/%Y") == (
        "[orders] ordered_at = 'at': 1 of 1 lines cannot be read, for example '31.01.2026 20:03'. Expected "
        "dates in the format of date_format, '%m/%d/%Y'; correct it, with the codes of strptime (%y for a year of two "
        "digits), epoch_s, epoch_ms or excel."
    )


def test_a_fault_in_the_events_keeps_the_orders_from_being_written(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("customer,at,kind\nann,2026-01-30,\n")
    assert ingestion_errors(tmp_path, "customer,at,amount\nann,2026-01-31,1\n", events={}).startswith(
        "[events] kind = 'kind'"
    )


def test_everything_wrong_in_every_table_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("customer,at,kind\nann,2026-01-30,\n")
    log = "customer,at,price,number,loaded,n\n" + "ann,1 May,5,0,tomorrow,x\n" * 1500 + ",never,,,,\n"
    faults = ingestion_errors(tmp_path, log, amount="price / number", quantity="n", recorded_at="loaded", events={})
    assert [fault.split(". Expected")[0] for fault in faults.splitlines()] == [
        "[orders] ordered_at = 'at': 1,500 of 1,500 lines cannot be read, for example '1 May'",
        "[orders] recorded_at = 'loaded': 1,500 of 1,500 lines cannot be read, for example 'tomorrow'",
        "[orders] amount = 'price / number': 1,500 of 1,500 lines cannot be read, for example '5 | 0'",
        "[orders] quantity = 'n': 1,500 of 1,500 lines cannot be read, for example 'x'",
        "[events] kind = 'kind': 1 of 1 lines cannot be read, for example '(empty)'",
    ]


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (b"ann,2026-01-31\n", "found 2 values, expected 3, in 'ann,2026-01-31'. "),
        (b"ann,2026-01-31,1,2\n", "found 4 values, expected 3, in 'ann,2026-01-31,1,2'. "),
        (b'ann,2026-01-31,"1\n', "a quote in it does not end, or ends within a value, in 'ann,2026-01-31,\"1'. "),
    ],
)
def test_a_broken_line_deep_in_the_file_is_refused(tmp_path: Path, log: bytes, reason: str) -> None:
    fault = ingestion_errors(tmp_path, b"customer,at,amount\n" + b"ann,2026-01-31,1\n" * 20_000 + log)
    assert fault == (
        f"[orders] orders.csv, line 20,002: {reason}Expected 3 values in every line, as in the header: correct the "
        "file, or set `bad_lines = { at_most = 0.01 }` to set such lines aside."
    )


def test_a_ragged_line_between_spaces_is_refused(tmp_path: Path) -> None:
    fault = ingestion_errors(tmp_path, "customer at amount\nann 2026-01-31 1\nbob 2026-01-31\n")
    assert "orders.csv, line 3: found 2 values, expected 3, in 'bob 2026-01-31'" in fault


@pytest.mark.parametrize(
    ("date_format", "fault"),
    [
        ("%Y-%m-%Q", "found '%Y-%m-%Q'; expected codes that exist, without %Q"),
        ("%d.%m. %H:%M", "found '%d.%m. %H:%M', which has no year"),
        ("%s", 'write seconds since 1970 as "epoch_s", milliseconds as "epoch_ms"'),
        ("seconds", "found 'seconds', which has no year and no month and no day"),
    ],
)
def test_a_date_format_that_means_no_day_is_refused(tmp_path: Path, date_format: str, fault: str) -> None:
    assert fault in ingestion_errors(tmp_path, "customer,at,amount\nann,2026-01-31,1\n", date_format=date_format)
