"""The raw log as it lies there: csv, tsv, gz, parquet, a glob, or a table of an Ibis backend, opened in DuckDB."""

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
from features.ingestion.file_formats import FileFormat, detect_format
from features.ingestion.value_parsing import column_text_sql, quote_identifier

_BACKEND_ADDRESS = re.compile(r"^(?P<address>(?P<scheme>[a-z0-9+]+)://(?P<place>.*))#(?P<table>.+)$")
_FILE_BACKENDS = {"duckdb", "sqlite"}


def source_files(path: str, folder: Path) -> list[Path]:
    """The files that a description's path names, sorted.

    Raises:
        InvalidLog: nothing is there.
    """
    wanted = _expand_path(path)
    if (folder / wanted).is_file():
        return [folder / wanted]
    found = sorted(folder / one for one in glob.glob(wanted, root_dir=folder, recursive=True))  # noqa: PTH207 -- absolute ones too
    found = [one for one in found if one.is_file()]
    if not found:
        raise InvalidLog(
            f"No file at {path!r} (looked in {folder}). Expected the log there: move it, or correct `path`."
        )
    return found


def content_digest(path: str, folder: Path) -> str:
    """sha256 of what the source holds: of the files' bytes, or of the lines of a backend's table in whatever order."""
    if _BACKEND_ADDRESS.match(path):
        connection = duckdb.connect()
        connection.register("lines", _backend_table(path, folder))
        held = connection.execute("SELECT count(*), sum(CAST(hash(lines) AS HUGEINT)) FROM lines").fetchall()
        return hashlib.sha256(repr((path, held)).encode()).hexdigest()
    digests = hashlib.sha256()
    for file in source_files(path, folder):
        with file.open("rb") as handle:
            digests.update(hashlib.file_digest(handle, "sha256").digest())
    return digests.hexdigest()


def create_raw_view(
    connection: duckdb.DuckDBPyConnection, view: str, path: str, folder: Path, *, has_header: bool
) -> dict[str, str]:
    """Create a DuckDB view over the source; its columns, those that all of its files have, and their types.

    Raises:
        InvalidLog: the source is missing, empty, or of a kind that cannot be read.
    """
    with translate_read_errors(path):
        if _BACKEND_ADDRESS.match(path):
            connection.register(f"{view}_arrow", _backend_table(path, folder))
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {view} AS SELECT * FROM {view}_arrow")
        else:
            _create_files_view(connection, view, source_files(path, folder), has_header=has_header)
        return {row[0]: row[1] for row in connection.execute(f"DESCRIBE {view}").fetchall()}


@contextmanager
def translate_read_errors(path: str) -> Iterator[None]:
    """What goes wrong while a source is read, in the shop's words: DuckDB reads a file only when it is queried."""
    try:
        yield
    except (duckdb.Error, OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise InvalidLog(
            f"{path!r} cannot be read: {_error_reason(error)}. Expected csv or tsv in UTF-8 (plain or .gz), with as many "
            "values in every line, or parquet: mend or convert it, or correct `path`, `has_header`, `date_format`."
        ) from None


def _error_reason(error: Exception) -> str:
    said = str(error).strip() or type(error).__name__
    advice = re.search(r"\n\s*(Possible|\* |LINE \d)", said)
    file = re.search(r"\n\s*file = (.*)", said)
    told = said[: advice.start()] if advice else said
    where = f"{Path(file.group(1)).name}: " if file else ""
    told = re.sub(r"^[A-Za-z ]+ Error: ", "", told)
    return where + ", ".join(line.strip().rstrip(".") for line in told.splitlines() if line.strip())


def _expand_path(text: str) -> str:
    return os.path.expandvars(Path(text).expanduser() if text.startswith("~") else text)


def _backend_table(path: str, folder: Path) -> pa.Table:
    said = _BACKEND_ADDRESS.match(path)
    if said is None:
        raise ValueError(f"{path!r} names no table of a backend. Expected one like duckdb://shop.db#orders.")
    address, options = os.path.expandvars(said["address"]), {}
    if said["scheme"] in _FILE_BACKENDS:
        file = source_files(said["place"], folder)[0]
        address, options = f"{said['scheme']}://{file}", {"read_only": True} if said["scheme"] == "duckdb" else {}
    try:
        backend = ibis.connect(address, **options)
        try:
            return backend.table(said["table"]).to_pyarrow()
        finally:
            backend.disconnect()
    except Exception as error:  # noqa: BLE001 -- every database's driver has errors of its own
        raise InvalidLog(
            f"{path!r} cannot be read: {type(error).__name__}, {_error_reason(error)}. Expected backend://address#table as "
            "Ibis connects to it: correct `path`, or install the backend's driver."
        ) from None


def _create_files_view(
    connection: duckdb.DuckDBPyConnection, view: str, files: Sequence[Path], *, has_header: bool
) -> None:
    alike: dict[FileFormat, list[Path]] = {}
    for file in files:
        alike.setdefault(detect_format(connection, file, has_header=has_header), []).append(file)
    selects = [
        f"SELECT {_shared_columns_sql(one, list(alike))} FROM {one.scan_sql(some)}" for one, some in alike.items()
    ]
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {' UNION ALL '.join(selects)}")


def _shared_columns_sql(file_format: FileFormat, file_formats: Sequence[FileFormat]) -> str:
    """The columns that all files have, as text where their types differ: 2**62 + 1 is no floating point number."""
    kinds = [dict(other.columns) for other in file_formats]
    shared = [column for column, _ in file_formats[0].columns if all(column in kind for kind in kinds)]
    differing = {column for column in shared if len({kind[column] for kind in kinds}) > 1}
    mine = dict(file_format.columns)
    named = [
        f"{column_text_sql(column, mine[column])} AS {quote_identifier(column)}"
        if column in differing
        else quote_identifier(column)
        for column in shared
    ]
    return ", ".join(named) or "NULL AS nothing"
