"""Row checks: one pass over a scan that finds damage, repeated headers and total rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from features.ingestion.files.file_scan import FileScan
from features.ingestion.files.formula_text import formula_text_columns_sql, formula_text_note, has_formula_text_sql
from features.ingestion.files.read_options import ReadOptions
from features.ingestion.files.total_rows import total_row_sql
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
    repeated, total = _repeated_header_sql(columns, header), total_row_sql(columns, options)
    # Counting the values of every column has DuckDB decode them all.
    decoded = ", ".join(f"count({quote_identifier(column)})" for column in columns)
    first = quote_identifier(columns[0])
    counts = (
        f"SELECT count(*) FILTER (WHERE {repeated}), count(*) FILTER (WHERE {total}), "
        f"max({first}) FILTER (WHERE {total}), count(*) FILTER (WHERE {has_formula_text_sql(columns)}), {decoded} "
        f"FROM {scan.reader.rows_sql(scan.path)}"
    )
    repeated_count, total_count, example, formula_count, *_ = connection.execute(counts).fetchall()[0]
    notes, conditions = list(scan.notes), []
    if repeated_count:
        notes.append(repeated_headers_note(scan.path, repeated_count))
        conditions.append(repeated)
    if total_count:
        notes.append(total_rows_note(scan.path, total_count, example or ""))
        conditions.append(total)
    if formula_count:
        notes.append(formula_text_note(scan.path, formula_count))
    reader = replace(
        scan.reader,
        no_data=" OR ".join(conditions),
        selected=formula_text_columns_sql(columns) if formula_count else "*",
    )
    return replace(scan, reader=reader, notes=tuple(notes))


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
