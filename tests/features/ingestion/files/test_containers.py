"""Containers: a file is what its first bytes are, whatever its name."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from features.errors import InvalidLog
from tests.features.ingestion.files.reading import ANN, BOB, CSV, HEADER, read_source


def _zip(**members: str | bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return packed.getvalue()


def _parquet(_: bytes) -> bytes:
    packed = io.BytesIO()
    pq.write_table(pa.table(dict(zip(HEADER, zip(ANN, BOB, strict=True), strict=True))), packed)
    return packed.getvalue()


@pytest.mark.parametrize(
    "pack",
    [
        bytes,
        gzip.compress,
        bz2.compress,
        lzma.compress,
        zstandard.compress,
        lambda text: zstandard.compress(text[:30]) + zstandard.compress(text[30:]),
        lambda text: gzip.compress(text[:30]) + gzip.compress(text[30:]),
        lambda text: _zip(orders__csv=text),
        lambda text: gzip.compress(_zip(orders__csv=text)),
        _parquet,
    ],
    ids=["text", "gz", "bz2", "xz", "zst", "zst frames", "gz members", "zip", "zip in gz", "parquet"],
)
@pytest.mark.parametrize("name", ["orders.csv", "orders.gz", "orders.zst", "orders.parquet", "orders.xlsx", "orders"])
def test_a_file_is_what_its_first_bytes_are(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    (tmp_path / name).write_bytes(pack(CSV.encode()))
    source = read_source(tmp_path, name)
    assert (source.columns, source.rows, source.notes) == (HEADER, [ANN, BOB], ())


def test_the_members_of_a_zip_are_files_of_one_log(tmp_path: Path) -> None:
    january, february = (
        "customer;at;amount\n0017;2026-01-31;9.50\n",
        '{"customer": "bob", "at": "2026-02-01", "amount": 3}\n',
    )
    packed = _zip(january__csv=january, february__jsonl=february, ___DS_Store=b"\0\1")
    (tmp_path / "export.zip").write_bytes(packed)
    source = read_source(tmp_path, "export.zip")
    assert source.columns == (*HEADER, "__file")
    assert sorted(source.rows) == [(*ANN, "export.zip#january.csv"), (*BOB, "export.zip#february.jsonl")]


def test_one_member_of_a_zip_is_read_where_the_path_names_it(tmp_path: Path) -> None:
    (tmp_path / "shop.zip").write_bytes(_zip(customers__csv="id,name\n1,ann\n", orders__csv=CSV))
    assert read_source(tmp_path, "shop.zip#orders.csv").rows == [ANN, BOB]


def test_the_file_of_each_row_is_known_where_files_are_packed_differently(tmp_path: Path) -> None:
    header, first, second = CSV.splitlines(keepends=True)
    (tmp_path / "orders-1.csv").write_text(header + first)
    (tmp_path / "orders-2.csv.gz").write_bytes(gzip.compress((header + second).encode()))
    (tmp_path / "orders-3.csv").write_text("customer  at  amount\ncy 2026-02-02 1\ndan 2026-02-03 1\n")
    assert sorted(read_source(tmp_path, "orders-*").rows) == [
        (*ANN, "orders-1.csv"),
        (*BOB, "orders-2.csv.gz"),
        ("cy", "2026-02-02", "1", "orders-3.csv"),
        ("dan", "2026-02-03", "1", "orders-3.csv"),
    ]


def _sqlite() -> bytes:
    shop = sqlite3.connect(":memory:")
    shop.execute("CREATE TABLE orders (customer TEXT)")
    return shop.serialize()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (_sqlite(), r"^orders.csv is a SQLite database; expected its address as `path = \"sqlite://FILE#TABLE\"`.$"),
        (
            b"<html><table><tr><td>customer",
            r"^orders.csv is HTML or XML, whatever its name. Expected csv, .* as xlsx.$",
        ),
        (b"\n<?xml version='1.0'?><Workbook>", r"^orders.csv is HTML or XML, whatever its name."),
        (b"%PDF-1.7", r"^orders.csv is a PDF document; expected a table"),
        (gzip.compress(CSV.encode() * 99)[:-30], r"^orders.csv is damaged or incomplete: .* Expected a whole file"),
        (
            _zip(orders__csv=CSV)[:-30],
            r"^orders.csv is damaged or incomplete: File is not a zip file. Expected a whole",
        ),
        (zstandard.compress(CSV.encode())[:12], r"^orders.csv is empty|^orders.csv is damaged or incomplete"),
        (_zip(), r"^orders.csv has no file in it. Expected a zip of csv, JSON lines or workbooks.$"),
        (b"\0" * 0, r"orders.csv is empty. Expected at least one line of the log"),
    ],
    # Not the bytes: gz and zip have the time in them, and two processes would collect different tests.
    ids=["sqlite", "html", "xml", "pdf", "cut gz", "cut zip", "cut zst", "empty zip", "empty file"],
)
def test_what_holds_no_readable_table_says_what_it_is(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "orders.csv").write_bytes(content)
    with pytest.raises(InvalidLog, match=expected):
        read_source(tmp_path, "orders.csv")
