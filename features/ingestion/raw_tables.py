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
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa

from features.errors import InvalidLog
from features.ingestion.files.file_formats import FileFormat, detect_format
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
    pattern = _expand_path(path)
    if (folder / pattern).is_file():
        return [folder / pattern]
    matches = sorted(folder / match for match in glob.glob(pattern, root_dir=folder, recursive=True))  # noqa: PTH207 -- absolute paths too
    files = [match for match in matches if match.is_file()]
    if not files:
        raise InvalidLog(
            f"No file at {path!r} (looked in {folder}). Expected the log there: move it, or correct `path`."
        )
    return files


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
        if _BACKEND_ADDRESS.match(path):
            connection.register(f"{view}_arrow", _backend_table(path, folder))
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {view} AS SELECT * FROM {view}_arrow")
        else:
            _create_files_view(connection, view, source_files(path, folder), has_header=options.has_header)
        return OpenedSource({row[0]: row[1] for row in connection.execute(f"DESCRIBE {view}").fetchall()})


@contextmanager
def translate_read_errors(path: str) -> Iterator[None]:
    """Turn read errors of a source into InvalidLog; wrap every query, because DuckDB reads files only when queried."""
    try:
        yield
    except (duckdb.Error, OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise InvalidLog(
            f"{path!r} cannot be read: {_error_reason(error)}. Expected csv or tsv in UTF-8 (plain or .gz), with the "
            "same number of values in every line, or parquet: correct or convert it, or correct `path`, `has_header`, "
            "`date_format`."
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


def _create_files_view(
    connection: duckdb.DuckDBPyConnection, view: str, files: Sequence[Path], *, has_header: bool
) -> None:
    files_by_format: dict[FileFormat, list[Path]] = {}
    for file in files:
        files_by_format.setdefault(detect_format(connection, file, has_header=has_header), []).append(file)
    selects = [
        f"SELECT {_shared_columns_sql(file_format, list(files_by_format))} FROM {file_format.scan_sql(group)}"
        for file_format, group in files_by_format.items()
    ]
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {' UNION ALL '.join(selects)}")


def _shared_columns_sql(file_format: FileFormat, file_formats: Sequence[FileFormat]) -> str:
    """SQL of the columns that all files have; columns of different types become text, which keeps every digit."""
    types_by_format = [dict(each_format.columns) for each_format in file_formats]
    shared = [column for column, _ in file_formats[0].columns if all(column in types for types in types_by_format)]
    mixed_type_columns = {column for column in shared if len({types[column] for types in types_by_format}) > 1}
    own_types = dict(file_format.columns)
    selected = [
        f"{column_text_sql(column, own_types[column])} AS {quote_identifier(column)}"
        if column in mixed_type_columns
        else quote_identifier(column)
        for column in shared
    ]
    return ", ".join(selected) or "NULL AS nothing"
