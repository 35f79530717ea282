"""Raw file: whatever a file is, its scans: one, or one per member of an archive."""

from __future__ import annotations

import gzip
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import zstandard

from features.errors import InvalidLog
from features.ingestion.files.container import Container, detect_container, unpack
from features.ingestion.files.file_scan import FileScan, Reader
from features.ingestion.files.json_file import scan_json
from features.ingestion.files.read_options import ReadOptions
from features.ingestion.files.row_checks import check_rows
from features.ingestion.files.text_file import scan_text
from features.ingestion.files.workbook import scan_workbook

_DAMAGE = (EOFError, gzip.BadGzipFile, lzma.LZMAError, zipfile.BadZipFile, zlib.error, zstandard.ZstdError)


def scan_file(connection: duckdb.DuckDBPyConnection, file: Path, options: ReadOptions) -> list[FileScan]:
    """The scans of a raw file.

    Raises:
        InvalidLog: the file cannot be read; the message names it.
    """
    with _name_damage(file):
        container = detect_container(file)
        match container:
            case Container.PARQUET:
                return [_scan_parquet(connection, file)]
            case Container.WORKBOOK:
                scan, header = scan_workbook(file, options)
                return [check_rows(connection, scan, header, options)]
            case Container.JSON:
                return [check_rows(connection, scan_json(file, options), (), options)]
            case Container.TEXT:
                return [scan_text(connection, file, options)]
        return [scan for member in unpack(file, container, options) for scan in scan_file(connection, member, options)]


def _scan_parquet(connection: duckdb.DuckDBPyConnection, file: Path) -> FileScan:
    reader = Reader((), "read_parquet(", ", binary_as_string=true)")
    columns = connection.execute(f"DESCRIBE FROM {reader.rows_sql(file)}").fetchall()
    return FileScan(
        file, Reader(tuple((name, kind) for name, kind, *_ in columns), reader.sql_prefix, reader.sql_suffix)
    )


@contextmanager
def _name_damage(file: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise InvalidLog(
            f"{file.name} is damaged or incomplete: {str(error) or type(error).__name__}. Expected a whole file: "
            "download or pack it again."
        ) from None
