"""Bad lines: lines that cannot be read are set aside, each with its reason, up to a share of all lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import duckdb

from features.ingestion.canonical_schema import Table
from features.ingestion.file_union import FILE_COLUMN
from features.ingestion.raw_text import ColumnTypes
from features.ingestion.rejected_lines import RejectedLine
from features.ingestion.value_parsing import has_customer_sql, sample_sql, unreadable_sql
from features.plausibility_note import PlausibilityNote
from features.storage.sql_quoting import quote_identifier, quote_literal

MAX_PROPOSED_SHARE = 0.05


def bad_line_sql(table: Table, column_types: ColumnTypes, unexplained_blank: str) -> str:
    """SQL of whether a line has an unreadable value, or a blank amount that nothing explains."""
    conditions = [unreadable_sql(table, field, column_types) for field in table.present_fields]
    conditions = [f"({condition})" for condition in conditions if condition != "false"]
    any_fault = " OR ".join([*conditions, *([unexplained_blank] if unexplained_blank else [])])
    return f"({has_customer_sql(table, column_types)} AND coalesce({any_fault}, false))"


def count_bad_lines(connection: duckdb.DuckDBPyConnection, table: Table, bad_line: str) -> int:
    """The number of lines of a table that would be set aside."""
    counts = f"SELECT count(*) FROM {table.raw_view} WHERE {bad_line}"
    return int(connection.execute(counts).fetchall()[0][0])


def bad_lines_remedy(bad: int, lines: int) -> str:
    """A sentence on the key that sets bad lines aside; empty where they are too many for that to be right."""
    share = bad / lines
    if share > MAX_PROPOSED_SHARE:
        return ""
    proposal = next(each for each in (0.001, 0.01, MAX_PROPOSED_SHARE) if share <= each)
    return (
        f"{bad:,} of {lines:,} lines are bad. To set such lines aside into rejected.csv instead, set "
        f"bad_lines = {{ at_most = {proposal} }}."
    )


def find_rejected_lines(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    column_types: ColumnTypes,
    bad_line: str,
    unexplained_blank: str,
) -> tuple[RejectedLine, ...]:
    """The bad lines of a table with their reasons; ``line`` is 0, because a parsed line has no number."""
    reasons = []
    for field in table.present_fields:
        found = f"{quote_literal(f'{field.name} cannot be read: ')} || {sample_sql(field, column_types)}"
        reasons.append(f"CASE WHEN {unreadable_sql(table, field, column_types)} THEN {found} END")
    if unexplained_blank:
        reasons.append(f"CASE WHEN {unexplained_blank} THEN 'the amount is blank' END")
    columns = [column for column in column_types if column != FILE_COLUMN]
    file = quote_identifier(FILE_COLUMN) if FILE_COLUMN in column_types else quote_literal(table.section.path)
    texts = ", ".join(f"CAST({quote_identifier(column)} AS VARCHAR)" for column in columns)
    query = f"SELECT {file}, concat_ws(', ', {', '.join(reasons)}), [{texts}] FROM {table.raw_view} WHERE {bad_line}"
    rows = sorted(connection.execute(query).fetchall(), key=str)
    return tuple(RejectedLine(name, 0, reason, _csv_line(values)) for name, reason, values in rows)


def rejection_note(table: Table, rejected: Sequence[RejectedLine], lines: int) -> PlausibilityNote:
    """The note that lines were set aside."""
    return PlausibilityNote(
        "lines_rejected",
        "warning",
        f"{len(rejected):,} of {lines:,} lines of {table.name} cannot be read and are set aside in rejected.csv",
        "lines that can all be read",
        "Read the reasons in rejected.csv and correct the export",
        len(rejected),
        next((line.reason for line in rejected if not line.line), ""),
    )


def _csv_line(values: Sequence[str | None]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(values)
    return line.getvalue()
