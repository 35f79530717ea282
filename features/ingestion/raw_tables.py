"""Raw tables: csv, tsv, gz and parquet files, globs and tables of Ibis backends as views in DuckDB."""

from __future__ import annotations

import csv
import glob
import hashlib
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa

from features.errors import InvalidLog
from features.ingestion.files.file_scan import FILE_COLUMN, FileScan, Reader
from features.ingestion.files.merged_notes import merge_notes
from features.ingestion.files.raw_file import scan_file
from features.ingestion.files.read_options import ReadOptions
from features.ingestion.opened_source import OpenedSource
from features.ingestion.raw_text import column_text_sql
from features.storage.sql_quoting import quote_identifier

_BACKEND_ADDRESS = re.compile(r"^(?P<address>(?P<scheme>[a-z0-9+]+)://(?P<location>.*))#(?P<table>.+)$")
_FILE_BACKENDS = {"duckdb", "sqlite"}


def source_files(path: str, folder: Path) -> list[Path]:
    """The files that a path in flywheel.toml names, sorted; the path is relative to ``folder``.

    Raises:
        InvalidLog: no file matches.
    """
    pattern, _ = split_member(_expand_path(path), folder)
    if (folder / pattern).is_file():
        return [folder / pattern]
    matches = sorted(folder / match for match in glob.glob(pattern, root_dir=folder, recursive=True))  # noqa: PTH207 -- absolute paths too
    files = [match for match in matches if match.is_file()]
    if not files:
        raise InvalidLog(
            f"No file at {path!r} (looked in {folder}). Expected the log there: move it, or correct `path`."
        )
    return files


def split_member(path: str, folder: Path) -> tuple[str, str | None]:
    """A path such as ``orders.xlsx#Sheet1`` as the path of the file and the sheet or member of it."""
    if "#" not in path or (folder / path).exists() or glob.glob(path, root_dir=folder, recursive=True):  # noqa: PTH207 -- absolute paths too
        return path, None
    file, _, member = path.rpartition("#")
    return file, member


def content_digest(path: str, folder: Path) -> str:
    """sha256 of a source: of the bytes of its files, or of the lines of a backend's table in any order."""
    if _BACKEND_ADDRESS.match(path):
        connection = duckdb.connect()
        connection.register("lines", _backend_table(path, folder))
        totals = connection.execute("SELECT count(*), sum(CAST(hash(lines) AS HUGEINT)) FROM lines").fetchall()
        return hashlib.sha256(repr((path, totals)).encode()).hexdigest()
    digests = hashlib.sha256()
    for file in source_files(path, folder):
        with file.open("rb") as handle:
            digests.update(hashlib.file_digest(handle, "sha256").digest())
    return digests.hexdigest()


def create_raw_view(
    connection: duckdb.DuckDBPyConnection, view: str, path: str, folder: Path, options: ReadOptions
) -> OpenedSource:
    """Create a DuckDB view over a source, with the columns that all its files have.

    Raises:
        InvalidLog: the source is missing, empty or in an unknown format.
    """
    with translate_read_errors(path):
        scans: list[FileScan] = []
        if _BACKEND_ADDRESS.match(path):
            connection.register(f"{view}_arrow", _backend_table(path, folder))
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {view} AS SELECT * FROM {view}_arrow")
        else:
            scans = _scan_files(connection, path, folder, options)
            _create_files_view(connection, view, scans)
        column_types = {row[0]: row[1] for row in connection.execute(f"DESCRIBE {view}").fetchall()}
    notes = merge_notes(note for scan in scans for note in scan.notes)
    return OpenedSource(column_types, notes, tuple(line for scan in scans for line in scan.rejected))


def _scan_files(connection: duckdb.DuckDBPyConnection, path: str, folder: Path, options: ReadOptions) -> list[FileScan]:
    _, member = split_member(path, folder)
    options = replace(options, sheet=member or options.sheet)
    return [scan for file in source_files(path, folder) for scan in scan_file(connection, file, options)]


@contextmanager
def translate_read_errors(path: str) -> Iterator[None]:
    """Turn read errors of a source into InvalidLog; wrap every query, because DuckDB reads files only when queried."""
    try:
        yield
    except (duckdb.Error, OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise InvalidLog(
            f"{path!r} cannot be read: {_error_reason(error)}. Expected delimited text with the same number of "
            "values in every line, JSON lines, a workbook or parquet, also in gz, zip or zst: correct or convert it, "
            "or correct `path`, `encoding`, `has_header`, `date_format`."
        ) from None


def _error_reason(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    advice = re.search(r"\n\s*(Possible|\* |LINE \d)", text)
    file = re.search(r"\n\s*file = (.*)", text)
    reason = text[: advice.start()] if advice else text
    location = f"{Path(file.group(1)).name}: " if file else ""
    reason = re.sub(r"^[A-Za-z ]+ Error: ", "", reason)
    return location + ", ".join(line.strip().rstrip(".") for line in reason.splitlines() if line.strip())


def _expand_path(text: str) -> str:
    return os.path.expandvars(Path(text).expanduser() if text.startswith("~") else text)


def _backend_table(path: str, folder: Path) -> pa.Table:
    match = _BACKEND_ADDRESS.match(path)
    if match is None:
        raise ValueError(f"{path!r} is not a table of a backend. Expected an address like duckdb://shop.db#orders.")
    address, options = os.path.expandvars(match["address"]), {}
    if match["scheme"] in _FILE_BACKENDS:
        file = source_files(match["location"], folder)[0]
        address, options = f"{match['scheme']}://{file}", {"read_only": True} if match["scheme"] == "duckdb" else {}
    try:
        backend = ibis.connect(address, **options)
        try:
            return backend.table(match["table"]).to_pyarrow()
        finally:
            backend.disconnect()
    except Exception as error:  # noqa: BLE001 -- every database's driver has its own errors
        raise InvalidLog(
            f"{path!r} cannot be read: {type(error).__name__}, {_error_reason(error)}. Expected an address "
            "backend://address#table as Ibis reads it: correct `path`, or install the backend's driver."
        ) from None


def _create_files_view(connection: duckdb.DuckDBPyConnection, view: str, scans: Sequence[FileScan]) -> None:
    """Create the view over files of a source, with the column FILE_COLUMN where they are several."""
    files_by_reader: dict[Reader, list[Path]] = {}
    for scan in scans:
        files_by_reader.setdefault(scan.reader, []).append(scan.path)
    selects = []
    for reader, files in files_by_reader.items():
        columns = _shared_columns_sql(reader, list(files_by_reader))
        if len(scans) == 1:
            selects.append(f"SELECT {columns} FROM {reader.rows_sql(files)}")
        else:
            selects.append(f"SELECT {columns}, {quote_identifier(FILE_COLUMN)} FROM {reader.rows_with_file_sql(files)}")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {' UNION ALL '.join(selects)}")


def _shared_columns_sql(reader: Reader, readers: Sequence[Reader]) -> str:
    """SQL of the columns that all files have; columns of different types become text, which keeps every digit."""
    types_by_reader = [dict(each.columns) for each in readers]
    shared = [column for column, _ in readers[0].columns if all(column in types for types in types_by_reader)]
    mixed_type_columns = {column for column in shared if len({types[column] for types in types_by_reader}) > 1}
    own_types = dict(reader.columns)
    selected = [
        f"{column_text_sql(column, own_types[column])} AS {quote_identifier(column)}"
        if column in mixed_type_columns
        else quote_identifier(column)
        for column in shared
    ]
    return ", ".join(selected) or "NULL AS nothing"
