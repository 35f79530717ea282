"""Workbooks: the sheet with the log, its table below a title, with dates and ids as people see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook

from features.errors import InvalidLog
from features.ingestion.files import workbook
from tests.features.ingestion.files.reading import HEADER, read_source

ROWS = [["0017", "2026-01-31", 9.5], ["bob", "2026-02-01", 3]]
TEXTS = [("0017", "2026-01-31", "9.5"), ("bob", "2026-02-01", "3")]


def _write(path: Path, **sheets: Sequence[Sequence[object]]) -> None:
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(path)


@pytest.mark.parametrize("name", ["orders.xlsx", "orders.csv", "orders.xls"])
def test_a_workbook_is_read_whatever_its_name(tmp_path: Path, name: str) -> None:
    _write(tmp_path / "orders.xlsx", Sheet1=[HEADER, *ROWS])
    (tmp_path / "orders.xlsx").rename(tmp_path / name)
    source = read_source(tmp_path, name)
    assert (source.columns, source.rows, source.notes) == (HEADER, TEXTS, ())


def test_cells_are_the_text_that_people_see(tmp_path: Path) -> None:
    cells = {
        61.0: "61", 19.9: "19.9", 0.1 + 0.2: "0.3", 1e15: "1000000000000000", True: "true", "": None, " 007 ": "007",
        date(2026, 1, 31): "2026-01-31", datetime(2026, 1, 31, 9, 5): "2026-01-31 09:05:00",  # noqa: DTZ001 -- a sheet has no zone
        datetime(2026, 1, 31, 23, 59, 59): "2026-01-31 23:59:59", time(9, 5): "09:05:00",  # noqa: DTZ001 -- a sheet has no zone
        timedelta(hours=30): "30:00:00", -5: "-5", "a\r\nb": "a\r\nb",
    }  # fmt: skip
    _write(tmp_path / "orders.xlsx", Sheet1=[["customer", "x"], *([cell, "x"] for cell in cells)])
    rows = [row[0] for row in read_source(tmp_path, "orders.xlsx").rows]
    assert rows == [text.replace("\r\n", "\n") if text else text for text in cells.values()]


@pytest.mark.parametrize("columns", [tuple((name,) for name in HEADER), ()], ids=["named", "by shape"])
def test_a_table_below_a_title_and_above_a_total_is_found(tmp_path: Path, columns: tuple[tuple[str, ...], ...]) -> None:
    rows: list[Sequence[object]] = [
        ["Sales report 2023"],
        [],
        [None, "all shops"],
        HEADER,
        *ROWS,
        [],
        ["Total", None, 12.5],
    ]
    _write(tmp_path / "orders.xlsx", Sheet1=rows)
    source = read_source(tmp_path, "orders.xlsx", columns=columns)
    assert source.columns == HEADER
    assert source.rows[:2] == TEXTS
    assert source.codes == (["preamble_skipped", "total_rows"] if columns else ["preamble_skipped"])
    assert source.notes[0].example == "Sales report 2023"


def test_columns_without_name_or_value_are_none(tmp_path: Path) -> None:
    _write(tmp_path / "orders.xlsx", Sheet1=[[*HEADER, None, ""], *([*row, None, " "] for row in ROWS)])
    assert read_source(tmp_path, "orders.xlsx").columns == HEADER


def test_the_sheet_of_flywheel_toml_is_read(tmp_path: Path) -> None:
    _write(tmp_path / "orders.xlsx", Cover=[["Report"]], A=[HEADER, ROWS[0]], B=[HEADER, ROWS[1]])
    assert read_source(tmp_path, "orders.xlsx", sheet="B").rows == TEXTS[1:]
    assert read_source(tmp_path, "orders.xlsx#B").rows == TEXTS[1:]
    with pytest.raises(
        InvalidLog, match=r"^orders.xlsx: no sheet 'C'. Sheets found: Cover, A, B. Set `sheet` to one of these.$"
    ):
        read_source(tmp_path, "orders.xlsx#C")


def test_the_sheet_with_the_configured_columns_is_chosen_and_noted(tmp_path: Path) -> None:
    _write(tmp_path / "orders.xlsx", Cover=[["Report", "x"]], Orders=[["Shop"], HEADER, *ROWS], Empty=[])
    source = read_source(tmp_path, "orders.xlsx")
    assert source.rows == TEXTS
    assert [note.found for note in source.notes if note.code == "sheet_chosen"] == [
        "orders.xlsx has 3 sheets; 'Orders' is read"
    ]


def test_further_sheets_with_the_same_columns_are_a_warning(tmp_path: Path) -> None:
    _write(tmp_path / "orders.xlsx", Y2024=[HEADER, ROWS[0]], Y2025=[HEADER, ROWS[1]])
    source = read_source(tmp_path, "orders.xlsx")
    assert source.rows == TEXTS[:1]
    assert [(note.code, note.severity, note.example) for note in source.notes] == [
        ("sheets_unread", "warning", "Y2025")
    ]


def test_an_empty_or_damaged_workbook_is_named(tmp_path: Path) -> None:
    _write(tmp_path / "orders.xlsx", Sheet1=[])
    with pytest.raises(
        InvalidLog, match=r"^orders.xlsx: the sheet 'Sheet1' is empty. Expected a table: set `sheet` to"
    ):
        read_source(tmp_path, "orders.xlsx")
    (tmp_path / "orders.xls").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    with pytest.raises(InvalidLog, match=r"^orders.xls cannot be read as a workbook: .*. Save it again as xlsx, or as"):
        read_source(tmp_path, "orders.xls")


def test_a_sheet_without_a_header_names_its_columns_by_position(tmp_path: Path) -> None:
    _write(tmp_path / "orders.xlsx", Sheet1=ROWS)
    source = read_source(tmp_path, "orders.xlsx", has_header=False)
    assert (source.columns, source.rows) == (("column0", "column1", "column2"), TEXTS)


def test_an_instant_a_few_microseconds_off_is_its_second() -> None:
    assert workbook._cell_text(datetime(2026, 1, 31, 9, 4, 59, 999_998)) == "2026-01-31 09:05:00"  # noqa: DTZ001 -- a sheet has no zone
