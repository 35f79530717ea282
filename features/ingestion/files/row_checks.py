"""Row checks: one pass over a scan that finds damage, repeated headers and total rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from features.ingestion.files.file_scan import FileScan
from features.ingestion.files.formula_text import formula_text_columns_sql, formula_text_note, has_formula_text_sql
from features.ingestion.files.read_options import ReadOptions
from features.ingestion.files.total_rows import first_filled_sql, may_be_total_sql, total_row_sql
from features.plausibility_note import PlausibilityNote
from features.storage.sql_quoting import quote_identifier, quote_literal

_BYTE_ORDER_MARK = "\ufeff"


def check_rows(
    connection: duckdb.DuckDBPyConnection, scan: FileScan, header: Sequence[str], options: ReadOptions
) -> FileScan:
    """Read a scan of text columns once; return it without repeated headers and totals, which are noted.

    Raises:
        duckdb.Error: a line cannot be read.
    """
    columns = scan.columns
    repeated = _repeated_header_sql(columns, header)
    # Counting the values of every column has DuckDB decode them all.
    repeated_count, formula_count, total_count, *_ = _query_row(
        connection,
        scan,
        f"count(*) FILTER (WHERE {repeated}), count(*) FILTER (WHERE {has_formula_text_sql(columns)})",
        f"count(*) FILTER (WHERE {may_be_total_sql(columns, options)})",
        *(f"count({quote_identifier(column)})" for column in columns),
    )
    checked = _without_totals(connection, scan, options) if total_count else scan
    if repeated_count:
        checked = _leave_out(checked, repeated, repeated_headers_note(scan.path, repeated_count))
    if formula_count:
        reader = replace(checked.reader, selected=formula_text_columns_sql(columns))
        checked = replace(checked, reader=reader, notes=(*checked.notes, formula_text_note(scan.path, formula_count)))
    return checked


def _without_totals(connection: duckdb.DuckDBPyConnection, scan: FileScan, options: ReadOptions) -> FileScan:
    total = total_row_sql(scan.columns, options)
    example = f"max({first_filled_sql(scan.columns)}) FILTER (WHERE {total})"
    count, first = _query_row(connection, scan, f"count(*) FILTER (WHERE {total})", example)
    return _leave_out(scan, total, total_rows_note(scan.path, count, first)) if count else scan


def _leave_out(scan: FileScan, condition: str, note: PlausibilityNote) -> FileScan:
    no_data = f"{scan.reader.no_data} OR {condition}" if scan.reader.no_data else condition
    return replace(scan, reader=replace(scan.reader, no_data=no_data), notes=(*scan.notes, note))


def _query_row(connection: duckdb.DuckDBPyConnection, scan: FileScan, *aggregates: str) -> tuple[Any, ...]:
    rows = scan.reader.rows_sql(scan.path)
    result: tuple[Any, ...] = connection.execute(f"SELECT {', '.join(aggregates)} FROM {rows}").fetchall()[0]
    return result


def repeated_headers_note(file: Path, count: int) -> PlausibilityNote:
    """The note on headers inside a file."""
    return PlausibilityNote(
        "repeated_headers",
        "info",
        f"{file.name}: the headers inside it are left out, {count:,} in all",
        "one header, at the top",
        "Do nothing if exports were put together in this file",
        count,
    )


def total_rows_note(file: Path, count: int, example: str) -> PlausibilityNote:
    """The note on total rows, which are no sales."""
    return PlausibilityNote(
        "total_rows",
        "info",
        f"{file.name}: the total rows are left out, {count:,} in all",
        "lines of the log only",
        "Do nothing if they are sums of the lines above them; they have no customer or no time",
        count,
        example.strip(),
    )


def _repeated_header_sql(columns: Sequence[str], header: Sequence[str]) -> str:
    """SQL of whether a row repeats the header; the first name may follow the byte order mark of another file."""
    named = [(column, cell) for column, cell in zip(columns, header, strict=False) if cell]
    if not named:
        return "false"
    parts = [f"{quote_identifier(column)} = {quote_literal(cell)}" for column, cell in named]
    column, cell = named[0]
    texts = (cell, _BYTE_ORDER_MARK + cell, f'{_BYTE_ORDER_MARK}"{cell}"')
    parts[0] = f"{quote_identifier(column)} IN ({', '.join(map(quote_literal, texts))})"
    return f"({' AND '.join(parts)})"
