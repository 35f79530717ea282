"""Several files of one table are united by the names of their columns, and lines of overlapping exports count once."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.ingestion.file_union import file_labels
from tests.features.ingestion.rows.shops import HEADER, ingest_shop, note, notes, refusal, rows, summary

JANUARY = f"{HEADER}\n1,ann,2026-01-01 10:00,10\n2,bob,2026-01-31 11:00,20\n"
FEBRUARY = f"{HEADER}\n2,bob,2026-01-31 11:00,20\n3,ann,2026-02-02 12:00,30\n"
GLOB = {"path": '"o*.csv"'}


def test_a_column_that_one_file_lacks_is_empty_in_its_lines_with_a_note(tmp_path: Path) -> None:
    files = {"o1.csv": JANUARY, "o2.csv": "at,customer,order,amount,shop\n2026-02-02,ann,3,30,Bonn\n"}
    manifest = ingest_shop(tmp_path, files, **GLOB, store_id='"shop"')
    assert rows(tmp_path, "order_id", "amount") == [("1", 10.0), ("2", 20.0), ("3", 30.0)]
    assert set(rows(tmp_path, "order_id", "store_id")) == {("1", None), ("2", None), ("3", "Bonn")}
    found = note(manifest, "column_absent_in_file")
    assert found.example == "o1.csv"
    assert "store_id = 'shop'" in found.found


@pytest.mark.parametrize(
    ("key", "name", "renamed", "advice"),
    [
        ("amount", "amount", "Amount", 'amount = ["amount", "Amount"]'),
        ("customer_id", "customer", "Customer ID", 'customer_id = ["customer", "Customer ID"]'),
        ("ordered_at", "at", "moment", 'ordered_at = ["at", "..."]'),
        ("order_id", "order", "Order", 'order_id = ["order", "Order"]'),
    ],
)
def test_a_column_that_is_called_otherwise_in_one_file_is_refused_by_the_name_of_the_file(
    tmp_path: Path, key: str, name: str, renamed: str, advice: str
) -> None:
    files = {"o1.csv": JANUARY, "o2.csv": FEBRUARY.replace(name, renamed, 1)}
    fault = refusal(tmp_path, files, **GLOB)
    header = HEADER.replace(name, renamed).replace(",", ", ")
    assert f"{key} = {name!r}: no column {name!r} in the file o2.csv, which the other files have." in fault
    assert f"Columns found: {header}." in fault
    assert advice in fault


def test_a_filter_needs_its_column_in_every_file(tmp_path: Path) -> None:
    files = {"o1.csv": f"{HEADER},status\n1,ann,2026-01-01,10,paid\n", "o2.csv": FEBRUARY}
    fault = refusal(tmp_path, files, **GLOB, exclude='{ status = ["void"] }')
    assert "exclude in the file o2.csv: no column 'status'" in fault


def test_lines_that_stand_in_two_files_are_one_line(tmp_path: Path) -> None:
    manifest = ingest_shop(tmp_path, {"o1.csv": JANUARY, "o2.csv": FEBRUARY}, **GLOB)
    assert rows(tmp_path, "order_id", "amount") == [("1", 10.0), ("2", 20.0), ("3", 30.0)]
    assert (summary(manifest).lines, summary(manifest).overlapping, summary(manifest).duplicates) == (4, 1, 0)
    found = note(manifest, "overlapping_files")
    assert found.count == 1
    assert found.example == "2, bob, 2026-01-31 11:00, 20 in o1.csv and o2.csv"


@pytest.mark.parametrize(
    ("january", "february"),
    [(",open", ",paid"), (",exported in May", ",exported in June"), (".00,x", ",x"), (",2026-02-01", ",2026-03-01")],
)
def test_an_order_in_two_files_whose_lines_differ_is_named(tmp_path: Path, january: str, february: str) -> None:
    header = f"{HEADER},state\n"
    files = {
        "o1.csv": f"{header}1,ann,2026-01-01 10:00,10{january}\n2,bob,2026-01-31 11:00,20{january}\n",
        "o2.csv": f"{header}2,bob,2026-01-31 11:00:00,20{february}\n3,ann,2026-02-02 12:00,30{february}\n",
    }
    found = note(ingest_shop(tmp_path, files, **GLOB), "overlapping_files")
    assert (found.severity, found.count, found.example) == ("warning", 1, "order 2 in o1.csv and o2.csv")
    if "2026" in january:
        newest = ingest_shop(tmp_path, files, **GLOB, updated_at='"state"')
        assert not notes(newest, "overlapping_files")
        assert rows(tmp_path, "order_id") == [("1",), ("2",), ("3",)]


def test_a_number_that_two_stores_or_a_later_return_use_is_no_repeated_order(tmp_path: Path) -> None:
    second = "1,eve,2026-01-01 10:00,10\n2,bob,2026-03-01 11:00,-20\n"
    manifest = ingest_shop(tmp_path, {"o1.csv": JANUARY, "o2.csv": f"{HEADER}\n{second}"}, **GLOB)
    assert not notes(manifest, "overlapping_files")


def test_equal_purchases_within_a_file_stay_two(tmp_path: Path) -> None:
    twice = "2,bob,2026-01-31 11:00,20\n"
    files = {"o1.csv": JANUARY + twice, "o2.csv": FEBRUARY, "o3.csv": FEBRUARY + twice + twice}
    manifest = ingest_shop(tmp_path, files, **GLOB)
    assert [amount for order, amount in rows(tmp_path, "order_id", "amount") if order == "2"] == [20.0] * 3
    counts = summary(manifest)
    assert (counts.lines, counts.overlapping, counts.duplicates, counts.written) == (9, 4, 3, 5)


def test_duplicates_within_a_file_are_dropped_where_the_shop_says_so(tmp_path: Path) -> None:
    files = {"o1.csv": JANUARY + "1,ann,2026-01-01 10:00,10\n", "o2.csv": FEBRUARY}
    ingest_shop(tmp_path, files, **GLOB, duplicates='"drop"')
    assert rows(tmp_path, "order_id") == [("1",), ("2",), ("3",)]


@pytest.mark.parametrize(
    "february",
    [
        "amount,at,customer,order\n20,2026-01-31 11:00,bob,2\n30,2026-02-02 12:00,ann,3\n",
        f"{HEADER},new column\n2,bob,2026-01-31 11:00,20,x\n3,ann,2026-02-02 12:00,30,y\n",
        FEBRUARY.replace(",", ";"),
    ],
)
def test_exports_overlap_whatever_the_order_of_their_columns(tmp_path: Path, february: str) -> None:
    ingest_shop(tmp_path, {"o1.csv": JANUARY, "o2.csv": february}, **GLOB)
    assert rows(tmp_path, "order_id") == [("1",), ("2",), ("3",)]


def test_files_that_do_not_overlap_have_no_note(tmp_path: Path) -> None:
    manifest = ingest_shop(tmp_path, {"o1.csv": JANUARY, "o2.csv": f"{HEADER}\n3,ann,2026-02-02,30\n"}, **GLOB)
    assert not notes(manifest, "overlapping_files")
    assert summary(manifest).overlapping == 0


def test_a_single_file_keeps_its_duplicates(tmp_path: Path) -> None:
    manifest = ingest_shop(tmp_path, {"orders.csv": JANUARY + "1,ann,2026-01-01 10:00,10\n"})
    assert (summary(manifest).duplicates, summary(manifest).written) == (1, 3)


def test_files_of_one_name_in_several_folders_keep_apart(tmp_path: Path) -> None:
    assert file_labels([Path("a/2025/o.csv"), Path("a/2026/o.csv")]) == ["2025/o.csv", "2026/o.csv"]
    files = {"2025/o.csv": JANUARY, "2026/o.csv": FEBRUARY}
    manifest = ingest_shop(tmp_path, files, path='"*/o.csv"')
    assert note(manifest, "overlapping_files").example.endswith("in 2025/o.csv and 2026/o.csv")


def test_only_the_newest_state_of_an_order_counts(tmp_path: Path) -> None:
    header = "order,customer,at,amount,status,changed\n"
    files = {
        "o1.csv": header + "1,ann,2026-01-01,10,open,2026-01-01 10:00\n1,ann,2026-01-01,5,open,2026-01-01 10:00\n"
        "2,bob,2026-01-02,20,open,2026-01-02 10:00\n",
        "o2.csv": header + "1,ann,2026-01-01,10,shipped,2026-01-05 09:00\n2,bob,2026-01-02,20,cancelled,2026-01-06\n"
        "3,eve,2026-01-07,7,open,\n,eve,2026-01-08,8,open,2026-01-08\n",
    }
    manifest = ingest_shop(tmp_path, files, **GLOB, updated_at='"changed"', exclude='{ status = ["cancelled"] }')
    assert rows(tmp_path, "customer_id", "amount") == [("ann", 10.0), ("eve", 7.0), ("eve", 8.0)]
    assert note(manifest, "older_states").count == 3


@pytest.mark.parametrize(("first", "second"), [("31.01.2026 10:00", "02.02.2026 09:00"), ("1769850000", "1770022800")])
def test_the_time_of_a_state_is_read_as_it_is_written(tmp_path: Path, first: str, second: str) -> None:
    log = f"order,customer,at,amount,changed\n1,ann,2026-01-01,10,{second}\n1,ann,2026-01-01,5,{first}\n"
    ingest_shop(tmp_path, {"orders.csv": log}, updated_at='"changed"')
    assert rows(tmp_path, "amount") == [(10.0,)]


def test_a_state_needs_an_order_and_a_time_that_can_be_read(tmp_path: Path) -> None:
    log = {"orders.csv": "order,customer,at,amount,changed\n1,ann,2026-01-01,10,soon\n"}
    assert "updated_at = 'changed': 1 line cannot be read, for example 'soon'" in refusal(
        tmp_path, log, updated_at='"changed"'
    )
    assert "updated_at: found no order_id" in refusal(tmp_path, log, updated_at='"changed"', order_id="")
