"""Header location: titles, blank lines, separator lines, repeated headers and totals are no lines of a log."""

from __future__ import annotations

import codecs
from pathlib import Path

import duckdb
import pytest

from features.ingestion.files.raw_file import scan_file
from features.ingestion.files.read_options import ReadOptions
from tests.features.ingestion.files.reading import ANN, BOB, CSV, HEADER, KEYS, read_source

NO_KEYS: tuple[tuple[str, ...], ...] = ()


@pytest.mark.parametrize("keys", [(("customer",), ("at",), ("amount",)), NO_KEYS], ids=["named", "by shape"])
@pytest.mark.parametrize(
    ("preamble", "skipped"),
    [
        ("Sales report 2023\nGenerated 2023-11-05 10:00\n\n", 2),
        ("Sales report 2023,,\n,,\n", 1),
        ("\n\n", 0),
        ('"Sales, all shops"\n', 1),
        ('The "big" report\n\n', 1),
        ("Shop: corner\nFrom: 2023-01-01\nTo: 2023-12-31\n\n\nOrders\n", 4),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_before_the_header_are_skipped(
    tmp_path: Path, preamble: str, skipped: int, keys: tuple[tuple[str, ...], ...], end: str
) -> None:
    (tmp_path / "orders.csv").write_bytes((preamble + CSV).replace("\n", end).encode())
    source = read_source(tmp_path, "orders.csv", columns=keys)
    if not keys and ",," in preamble:
        return  # a title as wide as the table can be told by its names only
    assert (source.columns, source.rows) == (HEADER, [ANN, BOB])
    assert source.codes == ["preamble_skipped"] * (skipped > 0)
    assert sum(note.count for note in source.notes) == skipped


def test_the_title_is_shown(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("Sales report 2023\n\n" + CSV)
    assert [note.sentence for note in read_source(tmp_path, "orders.csv").notes] == [
        (
            "orders.csv: the lines before its header are left out, 1 in all (for example Sales report 2023). Expected "
            "the names of the columns in the first line. Do nothing if these lines are a title."
        )
    ]


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"'])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_separator_line_is_obeyed(tmp_path: Path, mark: bytes, line: str, end: str) -> None:
    log = f"{line}\ncustomer;at;amount\n0017;2026-01-31;9,50\nbob;2026-02-01;3,00\n".replace("\n", end)
    (tmp_path / "orders.csv").write_bytes(mark + log.encode())
    source = read_source(tmp_path, "orders.csv")
    assert (source.columns, source.rows, source.notes) == (
        HEADER, [("0017", "2026-01-31", "9,50"), ("bob", "2026-02-01", "3,00")], (),
    )  # fmt: skip


def test_a_separator_line_may_name_any_character(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("sep=^\n" + CSV.replace(",", "^"))
    assert read_source(tmp_path, "orders.csv").rows == [ANN, BOB]


def test_a_missing_column_does_not_hide_the_header(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("Sales report 2023\n\n" + CSV.replace("amount", "Amount EUR"))
    assert read_source(tmp_path, "orders.csv").columns == ("customer", "at", "Amount EUR")


@pytest.mark.parametrize("keys", [(("customer",), ("at",), ("amount",)), NO_KEYS], ids=["named", "by shape"])
def test_trailing_delimiters_are_blank_columns(tmp_path: Path, keys: tuple[tuple[str, ...], ...]) -> None:
    (tmp_path / "orders.csv").write_text("customer,at,amount\n0017,2026-01-31,9.50,,\nbob,2026-02-01,3,,\n")
    source = read_source(tmp_path, "orders.csv", columns=keys)
    assert (source.columns, [row[:3] for row in source.rows]) == ((*HEADER, "column3", "column4"), [ANN, BOB])
    (tmp_path / "orders.csv").write_text("customer,at,amount,,\n0017,2026-01-31,9.50\nbob,2026-02-01,3\n")
    source = read_source(tmp_path, "orders.csv", columns=keys)
    assert (source.columns, source.rows) == (HEADER, [ANN, BOB])


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_headers_inside_a_file_are_left_out_and_counted(tmp_path: Path, mark: str, quote: str) -> None:
    log = "\n".join(",".join(f"{quote}{cell}{quote}" for cell in line.split(",")) for line in CSV.splitlines()) + "\n"
    (tmp_path / "orders.csv").write_text(log + mark + log + mark + log, encoding="utf-8")
    source = read_source(tmp_path, "orders.csv")
    assert source.rows == [ANN, BOB] * 3
    assert [(note.code, note.count) for note in source.notes] == [("repeated_headers", 2)]


def test_whole_reports_in_one_file_are_read(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(("Sales report\n\n" + CSV + "Total,,12.50\n\n") * 2)
    source = read_source(tmp_path, "orders.csv")
    assert source.rows == [ANN, BOB] * 2
    assert source.codes == ["preamble_skipped", "total_rows", "repeated_headers"]


@pytest.mark.parametrize(
    "total",
    [
        "Total,,12.50", ",Total,12.50", ",Summe:,12.50", "Gesamt 2026,,12.50", "合计,,12.50", "总计：,,12.50",  # noqa: RUF001 -- a full-width colon
        "Total général,,12.50", "TOTAL,,", '"Grand Total",,"12.50"', "Итого,,12.50", "Total;12.50", "Summe",
        "小計（税込）,,12.50",  # noqa: RUF001 -- full-width brackets
    ],
)  # fmt: skip
def test_totals_are_no_sales(tmp_path: Path, total: str) -> None:
    (tmp_path / "orders.csv").write_text(CSV + total + "\n", encoding="utf-8")
    source = read_source(tmp_path, "orders.csv")
    assert source.rows == [ANN, BOB]
    assert [(note.code, note.count) for note in source.notes] == [("total_rows", 1)]


@pytest.mark.parametrize("customer", ["Total", "Sum", "Summerfield", "totally", "Gesamtschule"])
def test_a_customer_may_be_called_like_a_total(tmp_path: Path, customer: str) -> None:
    (tmp_path / "orders.csv").write_text(f"{CSV}{customer},2026-02-02,5\n")
    source = read_source(tmp_path, "orders.csv")
    assert (source.rows[-1], source.notes) == ((customer, "2026-02-02", "5"), ())


def test_a_line_without_customer_is_no_total_by_itself(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(f"{CSV},2026-02-02,5\nTotally,,5\n")
    assert len(read_source(tmp_path, "orders.csv").rows) == 4


def test_a_title_of_a_product_with_a_customer_is_no_total(tmp_path: Path) -> None:
    log = "product,customer,at,amount\nTotal Care,+49 30 1234,2026-01-31,5\nSum 41,#7,2026-01-31,6\n"
    (tmp_path / "orders.csv").write_text(log)
    source = read_source(tmp_path, "orders.csv")
    assert ([row[0] for row in source.rows], source.notes) == (["Total Care", "Sum 41"], ())


def test_blank_values_stay_where_headers_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(CSV + CSV + ",2026-02-02,5\n,,\n")
    assert read_source(tmp_path, "orders.csv").rows[-2:] == [(None, "2026-02-02", "5"), (None, None, None)]


@pytest.mark.parametrize(
    "log",
    [CSV, "\ufeff" + CSV, CSV.replace(",", '";"').replace("\n", '"\n"').removesuffix('"'), "Report\n\n" + CSV],
    ids=["plain", "mark", "quotes", "title"],
)
def test_clean_text_is_read_in_place(tmp_path: Path, log: str) -> None:
    log = log if '"' not in log else '"' + log
    (tmp_path / "orders.csv").write_text(log, encoding="utf-8")
    spill = tmp_path / "spill"
    spill.mkdir()
    (scan,) = scan_file(duckdb.connect(), tmp_path / "orders.csv", ReadOptions(spill, columns=KEYS))
    assert (scan.path, list(spill.iterdir())) == (tmp_path / "orders.csv", [])
