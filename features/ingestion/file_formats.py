"""How a file of the raw log is written: its delimiter, its columns, and the SQL that scans files like it."""

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
from features.ingestion.value_parsing import quote_identifier, quote_literal

_WHITESPACE = " "
_MAX_RECORD_LINES = 100  # lines
_UNUSED_DELIMITER = "\x01"  # a delimiter that no text holds


@dataclass(frozen=True)
class FileFormat:
    """Files that are written alike."""

    columns: tuple[tuple[str, str], ...]  # name and DuckDB type
    sql_prefix: str  # SQL before and
    sql_suffix: str  # after the list of files

    def scan_sql(self, files: Sequence[Path]) -> str:
        """What to select from."""
        return f"{self.sql_prefix}[{', '.join(quote_literal(str(file)) for file in files)}]{self.sql_suffix}"


def detect_format(connection: duckdb.DuckDBPyConnection, file: Path, *, has_header: bool) -> FileFormat:
    """How one file is written.

    Raises:
        InvalidLog: it is empty.
    """
    if file.suffix.lower() in {".parquet", ".pq"}:
        return _parquet_format(connection, file)
    skipped, first = _first_record(file)
    delimiter = _detect_delimiter(first)
    parts = first.split() if delimiter == _WHITESPACE else next(csv.reader([first], delimiter=delimiter))
    columns = _unique_names(parts) if has_header else [f"column{position}" for position in range(len(parts))]
    options = (
        f"header={str(has_header).lower()}, skip={skipped}, auto_detect=false, null_padding=false, strict_mode=true"
    )
    kinds = tuple((column, "VARCHAR") for column in columns)
    if delimiter == _WHITESPACE:
        return FileFormat(kinds, *_whitespace_sql(columns, options))
    named = ", ".join(f"{quote_literal(column)}: 'VARCHAR'" for column in columns)
    after = f", delim={quote_literal(delimiter)}, columns={{{named}}}, quote='\"', escape='\"', {options})"
    return FileFormat(kinds, "read_csv(", after)


def _parquet_format(connection: duckdb.DuckDBPyConnection, file: Path) -> FileFormat:
    one = FileFormat((), "read_parquet(", ", binary_as_string=true)")
    columns = connection.execute(f"DESCRIBE FROM {one.scan_sql([file])}").fetchall()
    return FileFormat(tuple((column[0], column[1]) for column in columns), one.sql_prefix, one.sql_suffix)


def _whitespace_sql(columns: Sequence[str], options: str) -> tuple[str, str]:
    """No quotes here: a value is what stands between blanks."""
    wrong = f"error('a line has ' || len(parts) || ' values, expected {len(columns)}: ' || line)"
    named = ", ".join(f"parts[{position}] AS {quote_identifier(column)}" for position, column in enumerate(columns, 1))
    split = "SELECT line, regexp_extract_all(line, '\\S+') AS parts"
    whole = f"SELECT CASE WHEN len(parts) = {len(columns)} THEN parts ELSE {wrong} END AS parts"
    lines = f"columns={{'line': 'VARCHAR'}}, delim='{_UNUSED_DELIMITER}', quote='', escape='', {options}"
    return f"(SELECT {named} FROM ({whole} FROM ({split} FROM read_csv(", f", {lines}) WHERE len(parts) > 0)))"  # noqa: S608 -- the shop's own files


def _first_record(file: Path) -> tuple[int, str]:
    """How many blank lines come first, and the first line, or lines where a quoted text goes on."""
    opened = gzip.open if file.suffix.lower() == ".gz" else open
    with opened(file, "rt", encoding="utf-8-sig", newline="") as lines:
        for skipped, line in enumerate(lines):
            if line.strip():
                return skipped, _join_record(str(line), [str(one) for one in islice(lines, _MAX_RECORD_LINES)])
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
    best = max(",;\t|", key=unquoted.count)
    if unquoted.count(best):
        return best
    return _WHITESPACE if len(unquoted.split()) > 1 and '"' not in record else ","


def _unique_names(columns: Sequence[str]) -> list[str]:
    names: list[str] = []
    for position, column in enumerate(columns):
        named = wanted = column.strip() or f"column{position}"
        times = 1
        while named.lower() in {taken.lower() for taken in names}:
            times += 1
            named = f"{wanted}_{times}"
        names.append(named)
    return names
