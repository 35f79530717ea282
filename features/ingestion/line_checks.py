"""Line checks: whether every line of a raw table can be read, and one sentence for each column that cannot."""

from __future__ import annotations

import duckdb

from features.errors import InvalidConfig
from features.ingestion.canonical_schema import Field, ParseAs, Table
from features.ingestion.value_parsing import (
    ColumnTypes,
    has_customer_sql,
    sample_sql,
    source_columns,
    unreadable_sql,
)

EXPECTED_FORMATS = {
    ParseAs.TEXT: "text in every line",
    ParseAs.INSTANT: "a date or time like 2026-01-31 or 2026-01-31 18:30:00; set date_format for another format",
    ParseAs.AMOUNT: "a plain number with a decimal point",
    ParseAs.NUMBER: "a plain number with a decimal point, or nothing",
    ParseAs.FLAG: "true or false",
}


def _expected_format(field: Field, table: Table) -> str:
    date_format = table.section.date_format
    if field.parse_as is ParseAs.INSTANT and date_format is not None:
        return f"dates in the format of date_format, {date_format[0]!r}; correct it, with the codes of strptime"
    return EXPECTED_FORMATS[field.parse_as]


def inspect_lines(
    connection: duckdb.DuckDBPyConnection, table: Table, column_types: ColumnTypes
) -> tuple[int, int, list[str]]:
    """The number of lines, the number of lines with a customer, and a sentence per field with unreadable values."""
    has_customer, checks = has_customer_sql(table, column_types), []
    for field in table.present_fields:
        unreadable = f"FILTER (WHERE {has_customer} AND {unreadable_sql(table, field, column_types)})"
        checks.append(f"count(*) {unreadable}, max({sample_sql(field, column_types)}) {unreadable}")
    counts = f"SELECT count(*), count(*) FILTER (WHERE {has_customer}), {', '.join(checks)} FROM {table.raw_view}"
    lines, known, *results = connection.execute(counts).fetchall()[0]
    return (
        lines,
        known,
        [
            f"{field.name} = {field.source!r}: {count:,} of {known:,} lines cannot be read, for example {example!r}. "
            f"Expected {_expected_format(field, table)}."
            for field, count, example in zip(table.present_fields, results[::2], results[1::2], strict=True)
            if count
        ],
    )


def missing_column(table: Table, field: Field, column_types: ColumnTypes) -> str:
    """A sentence on the raw columns of a field that the source lacks; empty where it has them."""
    available = f"Columns found: {', '.join(column_types)}."
    try:
        absent = [column for column in source_columns(field, column_types) if column not in column_types]
    except InvalidConfig as error:
        return f"{field.name}: {error} {available}"
    if not absent:
        return ""
    names = ", ".join(map(repr, absent))
    return (
        f"{field.name} = {field.source!r}: no column {names} in {table.section.path!r}. {available} Name one of these."
    )
