"""Raw tables: files in every supported format and tables of backends are read as they are."""

from __future__ import annotations

import gzip
import sqlite3
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from importlib.metadata import distribution
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import InvalidLog
from features.ingestion.files.read_options import ReadOptions
from features.ingestion.raw_tables import content_digest, create_raw_view

CSV = "customer,at,amount\n0017,2026-01-31,9.50\nbob,2026-02-01,3\n"
COLUMNS = ["customer", "at", "amount"]
LINES = [("0017", "2026-01-31", "9.50"), ("bob", "2026-02-01", "3")]

Open = Callable[..., list[tuple[object, ...]]]


@pytest.fixture
def lines(tmp_path: Path) -> Open:
    """A function that returns the column names of a source, then its raw lines, sorted."""

    def read(path: str, *, has_header: bool = True) -> list[tuple[object, ...]]:
        connection = duckdb.connect()
        options = ReadOptions(tmp_path, has_header=has_header)
        columns = create_raw_view(connection, "raw", path, tmp_path, options).column_types
        columns = {name: kind for name, kind in columns.items() if name != "__file"}
        return [
            tuple(columns),
            *connection.execute("SELECT COLUMNS('^[^_]') FROM raw ORDER BY ALL").fetchall(),
        ]

    return read


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("byte_order_mark", [b"", b"\xef\xbb\xbf"])
def test_a_text_file_is_read_whatever_its_delimiter(
    tmp_path: Path, lines: Open, delimiter: str, end: str, byte_order_mark: bytes
) -> None:
    (tmp_path / "orders.csv").write_bytes(byte_order_mark + CSV.replace(",", delimiter).replace("\n", end).encode())
    assert lines("orders.csv") == [tuple(COLUMNS), *LINES]


def test_a_zipped_file_is_read(tmp_path: Path, lines: Open) -> None:
    (tmp_path / "orders.csv.gz").write_bytes(gzip.compress(CSV.encode()))
    assert lines("orders.csv.gz") == [tuple(COLUMNS), *LINES]


def test_a_file_without_a_header_names_its_columns_by_position(tmp_path: Path, lines: Open) -> None:
    (tmp_path / "orders.csv").write_text(CSV.split("\n", 1)[1])
    assert lines("orders.csv", has_header=False) == [("column0", "column1", "column2"), *LINES]


def test_a_quoted_value_may_hold_delimiters_quotes_and_new_lines(tmp_path: Path, lines: Open) -> None:
    (tmp_path / "orders.csv").write_text('customer,note\n"Smith, ""Ann""","one\ntwo"\nbob,\n')
    assert lines("orders.csv") == [("customer", "note"), ("Smith, \"Ann\"", "one\ntwo"), ("bob", None)]  # fmt: skip


def test_a_quoted_new_line_in_the_first_line_hides_no_column(tmp_path: Path, lines: Open) -> None:
    (tmp_path / "orders.csv").write_text('"one\ntwo",0017,5\nthree,bob,6\n')
    assert lines("orders.csv", has_header=False)[1:] == [("one\ntwo", "0017", "5"), ("three", "bob", "6")]


def test_blank_lines_before_the_header_and_after_the_last_line_are_nothing(tmp_path: Path, lines: Open) -> None:
    (tmp_path / "orders.csv").write_text("\n\n" + CSV + "\n\n")
    assert lines("orders.csv") == [tuple(COLUMNS), *LINES]


def test_columns_called_alike_or_not_at_all_keep_apart(tmp_path: Path, lines: Open) -> None:
    (tmp_path / "orders.csv").write_text(" id ,ID,id_2,,x\n1,2,3,4,5\n")
    assert lines("orders.csv") == [("id", "ID_2", "id_2_2", "column3", "x"), ("1", "2", "3", "4", "5")]


def test_a_file_whose_values_stand_between_spaces_is_read(tmp_path: Path, lines: Open) -> None:
    (tmp_path / "orders.txt").write_text(" customer  at  amount\n 0017  2026-01-31   9.50\n\n bob  2026-02-01 3 \n")
    assert lines("orders.txt") == [tuple(COLUMNS), *LINES]


def test_the_cdnow_file_is_read_as_its_authors_published_it(lines: Open) -> None:
    path = distribution("lifetimes").locate_file("lifetimes/datasets/CDNOW_master.txt")
    rows = lines(str(path))
    assert rows[:2] == [
        ("customer_id", "date", "number_of_cds", "dollar_value"),
        ("00001", "19970101", "1", "11.77"),
    ]
    assert len(rows) - 1 == 69_659


def test_parquet_keeps_its_types(tmp_path: Path, lines: Open) -> None:
    pq.write_table(pa.table({"customer": [2**62 + 1], "amount": [Decimal("9.50")]}), tmp_path / "orders.parquet")
    assert lines("orders.parquet") == [("customer", "amount"), (2**62 + 1, Decimal("9.50"))]


def test_several_files_are_one_log(tmp_path: Path, lines: Open) -> None:
    header, first, second = CSV.strip().split("\n")
    (tmp_path / "orders-1.csv").write_text(f"{header}\n{first}\n")
    (tmp_path / "orders-2.csv").write_text(f"{header}\n{second}\n")
    assert lines("orders-*.csv") == [tuple(COLUMNS), *LINES]


def test_files_with_their_columns_in_another_order_are_read_by_name(tmp_path: Path, lines: Open) -> None:
    (tmp_path / "orders-1.csv").write_text("customer,at,amount\n0017,2026-01-31,9.50\n")
    (tmp_path / "orders-2.csv").write_text("amount;note;customer;at\n3;new till;bob;2026-02-01\n")
    assert lines("orders-*.csv") == [(*COLUMNS, "note"), (*LINES[0], None), (*LINES[1], "new till")]


def test_files_of_different_types_keep_every_digit(tmp_path: Path, lines: Open) -> None:
    pq.write_table(pa.table({"customer": [2**62 + 1]}), tmp_path / "orders-1.parquet")
    pq.write_table(pa.table({"customer": [7.0, None]}), tmp_path / "orders-2.parquet")
    pq.write_table(pa.table({"customer": ["0017"]}), tmp_path / "orders-3.parquet")
    assert lines("orders-*.parquet")[1:] == [("0017",), (str(2**62 + 1),), ("7",), (None,)]


def test_a_file_may_have_brackets_in_its_name(tmp_path: Path, lines: Open) -> None:
    (tmp_path / "orders[1].csv").write_text(CSV)
    assert lines("orders[1].csv") == [tuple(COLUMNS), *LINES]


def test_a_path_may_come_from_the_environment(tmp_path: Path, lines: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "orders.csv").write_text(CSV)
    monkeypatch.setenv("SHOP_LOG", str(tmp_path / "orders.csv"))
    assert lines("$SHOP_LOG") == [tuple(COLUMNS), *LINES]


def test_a_table_of_duckdb_is_read(tmp_path: Path, lines: Open) -> None:
    _duckdb(tmp_path / "shop.db", "('0017', DATE '2026-01-31', 9.5)")
    assert lines(f"duckdb://{tmp_path}/shop.db#orders") == [tuple(COLUMNS), ("0017", date(2026, 1, 31), Decimal("9.5"))]
    assert lines("duckdb://shop.db#orders") == lines(f"duckdb://{tmp_path}/shop.db#orders")


def test_a_table_of_sqlite_is_read(tmp_path: Path, lines: Open) -> None:
    shop = sqlite3.connect(tmp_path / "shop.db")
    shop.execute("CREATE TABLE orders (customer TEXT, at TEXT, amount REAL)")
    shop.execute("INSERT INTO orders VALUES ('0017', '2026-01-31', 9.5)")
    shop.commit()
    shop.close()
    assert lines("sqlite://shop.db#orders") == [tuple(COLUMNS), ("0017", "2026-01-31", 9.5)]


def test_the_digest_of_a_backends_table_changes_when_a_line_comes_in(tmp_path: Path) -> None:
    _duckdb(tmp_path / "shop.db", "('0017', DATE '2026-01-31', 9.5)")
    before = content_digest("duckdb://shop.db#orders", tmp_path)
    assert content_digest("duckdb://shop.db#orders", tmp_path) == before
    with duckdb.connect(str(tmp_path / "shop.db")) as shop:
        shop.execute("INSERT INTO orders VALUES ('bob', DATE '2026-02-01', 3)")
    assert content_digest("duckdb://shop.db#orders", tmp_path) != before


def test_the_digest_of_files_changes_with_any_byte_of_any_of_them(tmp_path: Path) -> None:
    (tmp_path / "orders-1.csv").write_text(CSV)
    (tmp_path / "orders-2.csv").write_text(CSV)
    before = content_digest("orders-*.csv", tmp_path)
    (tmp_path / "orders-2.csv").write_text(CSV.replace("3", "4"))
    assert content_digest("orders-*.csv", tmp_path) != before


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("nothing.csv", r"^No file at 'nothing.csv' \(looked in .*\). Expected the log there: .* correct `path`.$"),
        ("duckdb://nothing.db#orders", r"^No file at 'nothing.db'"),
        ("empty.csv", r"empty.csv is empty. Expected at least one line of the log: remove it, or correct `path`.$"),
        ("cut.parquet", r"^'cut.parquet' cannot be read: .*cut.parquet' too small to be a Parquet file. Expected"),
        ("cut.csv.gz", r"^cut.csv.gz is damaged or incomplete: Compressed file ended .*. Expected a whole file: "),
        ("duckdb://shop.db#nothing", r"cannot be read: TableNotFound, nothing. Expected an address backend://address#table"),
        ("nosuch://shop#orders", r"cannot be read: ValueError, Don't know how to connect to 'nosuch://shop'. Expected"),
    ],
)  # fmt: skip
def test_what_cannot_be_opened_says_why_and_what_to_do(tmp_path: Path, lines: Open, path: str, expected: str) -> None:
    (tmp_path / "empty.csv").write_text("\n\n")
    (tmp_path / "cut.parquet").write_bytes(b"PAR1")
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(CSV.encode())[:-9])
    _duckdb(tmp_path / "shop.db", "('0017', DATE '2026-01-31', 9.5)")
    with pytest.raises(InvalidLog, match=expected):
        lines(path)


def _duckdb(path: Path, values: str) -> None:
    with duckdb.connect(str(path)) as shop:
        shop.execute('CREATE TABLE orders (customer VARCHAR, "at" DATE, amount DECIMAL(9, 1))')
        shop.execute(f"INSERT INTO orders VALUES {values}")  # noqa: S608 -- the test's own
