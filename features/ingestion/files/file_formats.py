"""File formats: the delimiter and the columns of a raw file, and the SQL that scans files of the same format."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb

from features.errors import InvalidLog
from features.storage.sql_quoting import quote_identifier, quote_literal

_WHITESPACE = " "
_MAX_RECORD_LINES = 100  # lines
_UNUSED_DELIMITER = "\x01"  # a delimiter that no text contains


@dataclass(frozen=True)
class FileFormat:
    """The columns and the DuckDB reader of raw files with the same format."""

    columns: tuple[tuple[str, str], ...]  # name and DuckDB type
    sql_prefix: str  # SQL before the list of files
    sql_suffix: str  # SQL after the list of files

    def scan_sql(self, files: Sequence[Path]) -> str:
        """SQL for a FROM clause that reads these files."""
        return f"{self.sql_prefix}[{', '.join(quote_literal(str(file)) for file in files)}]{self.sql_suffix}"


def detect_format(connection: duckdb.DuckDBPyConnection, file: Path, *, has_header: bool) -> FileFormat:
    """Detect the format of a csv, tsv or parquet file from its first record.

    Raises:
        InvalidLog: the file is empty.
    """
    if file.suffix.lower() in {".parquet", ".pq"}:
        return _parquet_format(connection, file)
    blank_lines, record = _first_record(file)
    delimiter = _detect_delimiter(record)
    values = record.split() if delimiter == _WHITESPACE else next(csv.reader([record], delimiter=delimiter))
    columns = _unique_names(values) if has_header else [f"column{position}" for position in range(len(values))]
    options = (
        f"header={str(has_header).lower()}, skip={blank_lines}, auto_detect=false, null_padding=false, strict_mode=true"
    )
    typed_columns = tuple((column, "VARCHAR") for column in columns)
    if delimiter == _WHITESPACE:
        return FileFormat(typed_columns, *_whitespace_sql(columns, options))
    column_types = ", ".join(f"{quote_literal(column)}: 'VARCHAR'" for column in columns)
    suffix = f", delim={quote_literal(delimiter)}, columns={{{column_types}}}, quote='\"', escape='\"', {options})"
    return FileFormat(typed_columns, "read_csv(", suffix)


def _parquet_format(connection: duckdb.DuckDBPyConnection, file: Path) -> FileFormat:
    scan = FileFormat((), "read_parquet(", ", binary_as_string=true)")
    columns = connection.execute(f"DESCRIBE FROM {scan.scan_sql([file])}").fetchall()
    return FileFormat(tuple((column[0], column[1]) for column in columns), scan.sql_prefix, scan.sql_suffix)


def _whitespace_sql(columns: Sequence[str], options: str) -> tuple[str, str]:
    """SQL before and after the files; values are separated by blanks and quotes have no meaning."""
    error_sql = f"error('a line has ' || len(parts) || ' values, expected {len(columns)}: ' || line)"
    values = ", ".join(f"parts[{position}] AS {quote_identifier(column)}" for position, column in enumerate(columns, 1))
    split = "SELECT line, regexp_extract_all(line, '\\S+') AS parts"
    checked = f"SELECT CASE WHEN len(parts) = {len(columns)} THEN parts ELSE {error_sql} END AS parts"
    lines = f"columns={{'line': 'VARCHAR'}}, delim='{_UNUSED_DELIMITER}', quote='', escape='', {options}"
    return f"(SELECT {values} FROM ({checked} FROM ({split} FROM read_csv(", f", {lines}) WHERE len(parts) > 0)))"


def _first_record(file: Path) -> tuple[int, str]:
    """The number of leading blank lines, and the first record, which spans lines where a quoted value does."""
    open_file = gzip.open if file.suffix.lower() == ".gz" else open
    with open_file(file, "rt", encoding="utf-8-sig", newline="") as lines:
        for blank_lines, line in enumerate(lines):
            if line.strip():
                return blank_lines, _join_record(str(line), [str(other) for other in islice(lines, _MAX_RECORD_LINES)])
    raise InvalidLog(f"{file} is empty. Expected at least one line of the log: remove it, or correct `path`.")


def _join_record(first_line: str, following_lines: Sequence[str]) -> str:
    record = first_line
    for line in following_lines:
        if record.count('"') % 2 == 0:
            return record.rstrip("\r\n")
        record += line
    return (record if record.count('"') % 2 == 0 else first_line).rstrip("\r\n")


def _detect_delimiter(record: str) -> str:
    unquoted = re.sub(r'"[^"]*"', "", record)
    delimiter = max(",;\t|", key=unquoted.count)
    if unquoted.count(delimiter):
        return delimiter
    return _WHITESPACE if len(unquoted.split()) > 1 and '"' not in record else ","


def _unique_names(columns: Sequence[str]) -> list[str]:
    names: list[str] = []
    for position, column in enumerate(columns):
        name = base_name = column.strip() or f"column{position}"
        count = 1
        while name.lower() in {used.lower() for used in names}:
            count += 1
            name = f"{base_name}_{count}"
        names.append(name)
    return names
