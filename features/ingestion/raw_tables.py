"""Raw tables: files of any known format, globs and tables of Ibis backends as views in DuckDB."""

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
from features.ingestion.file_union import RawFile, file_labels, union_sql, union_types
from features.ingestion.files.file_scan import FileScan
from features.ingestion.files.merged_notes import merge_notes
from features.ingestion.files.raw_file import scan_file
from features.ingestion.files.read_options import ReadOptions
from features.ingestion.opened_source import OpenedSource
from features.storage.duckdb_connection import NO_PROGRESS_BAR, open_duckdb

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
        connection = open_duckdb()
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
    """Create a DuckDB view over a source, with the columns of all its files.

    Raises:
        InvalidLog: the source is missing, empty or in an unknown format.
    """
    with translate_read_errors(path):
        scans: list[FileScan] = []
        files: tuple[RawFile, ...] = ()
        if _BACKEND_ADDRESS.match(path):
            connection.register(f"{view}_arrow", _backend_table(path, folder))
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {view} AS SELECT * FROM {view}_arrow")
        else:
            scans = _scan_files(connection, path, folder, options)
            files = _raw_files(scans)
            connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {union_sql(files)}")
        described = {row[0]: row[1] for row in connection.execute(f"DESCRIBE {view}").fetchall()}
    notes = merge_notes(note for scan in scans for note in scan.notes)
    rejected = tuple(line for scan in scans for line in scan.rejected)
    return OpenedSource(union_types(files, described), files, notes, rejected)


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
        if match["scheme"] == "duckdb":
            backend.raw_sql(NO_PROGRESS_BAR)
        try:
            return backend.table(match["table"]).to_pyarrow()
        finally:
            backend.disconnect()
    except Exception as error:  # noqa: BLE001 -- every database's driver has its own errors
        raise InvalidLog(
            f"{path!r} cannot be read: {type(error).__name__}, {_error_reason(error)}. Expected an address "
            "backend://address#table as Ibis reads it: correct `path`, or install the backend's driver."
        ) from None


def _raw_files(scans: Sequence[FileScan]) -> tuple[RawFile, ...]:
    labels = file_labels([scan.path.with_name(scan.name) for scan in scans])
    return tuple(
        RawFile(label, scan.reader.columns, scan.reader.rows_sql(scan.path))
        for label, scan in zip(labels, scans, strict=True)
    )
