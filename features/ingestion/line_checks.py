"""Line checks: whether every line of a raw table can be read, and one sentence for each column that cannot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from features.ingestion.canonical_schema import Field, ParseAs, Table
from features.ingestion.instant_parsing import DATE_AND_TIME
from features.ingestion.raw_text import ColumnTypes, is_text
from features.ingestion.value_parsing import (
    blank_sql,
    doubtful_sql,
    has_customer_sql,
    sample_sql,
    source_columns,
    unreadable_sql,
)
from features.ingestion.values.date_formats import ISO
from features.ingestion.values.number_formats import PLAIN
from features.storage.sql_quoting import quote_identifier

EXPECTED_FORMATS = {
    ParseAs.TEXT: "text in every line",
    ParseAs.CUSTOMER_ID: "text in every line",
    ParseAs.WORD: "a word in every line",
    ParseAs.INSTANT: "a date or time like 2026-01-31 or 2026-01-31 18:30:00; set date_format for another format",
    ParseAs.AMOUNT: "a plain number with a decimal point; set decimal and thousands for another format",
    ParseAs.NUMBER: "a plain number with a decimal point, or nothing; set decimal and thousands for another format",
    ParseAs.FLAG: "true or false",
}


MIN_THREE_DIGIT_SHARE = 0.95
"""From this share of numbers with exactly three decimals, the decimal mark may as well be one between thousands."""


@dataclass(frozen=True)
class FieldInspection:
    """How many lines of a field cannot be read, with an example, and how many amounts are blank."""

    field: Field
    unreadable: int
    example: str
    blank_amounts: int


@dataclass(frozen=True)
class LineInspection:
    """The counts of a raw table whose lines were all read once."""

    lines: int
    known: int  # lines with a customer
    fields: tuple[FieldInspection, ...]  # those with unreadable values or blank amounts
    three_digit_columns: frozenset[str]  # text columns of plain numbers, nearly all of them with three decimals


def inspect_lines(connection: duckdb.DuckDBPyConnection, table: Table, column_types: ColumnTypes) -> LineInspection:
    """Read every line of a raw table, and count what cannot be read."""
    fields, columns = table.present_fields, _plain_text_columns(table, column_types)
    doubtful = [doubtful_sql(table, field, column_types) for field in fields]
    threes = [f"{quote_identifier(column)} LIKE '%.___'" for column in columns]
    has_customer = has_customer_sql(table, column_types)
    lines, known, *counts = _count(connection, table, "true", has_customer, *doubtful, *threes)
    in_doubt = [field for field, count in zip(fields, counts, strict=False) if count]
    three_digits = [column for column, count in zip(columns, counts[len(fields) :], strict=True) if count]
    return LineInspection(
        lines,
        known,
        tuple(_inspect_fields(connection, table, column_types, in_doubt)),
        frozenset(column for column in three_digits if _has_thousands_shape(connection, table, column)),
    )


def _inspect_fields(
    connection: duckdb.DuckDBPyConnection, table: Table, column_types: ColumnTypes, fields: Sequence[Field]
) -> Iterator[FieldInspection]:
    """Count the unreadable values and the blank amounts of fields; this is slower than to find that there are none."""
    if not fields:
        return
    has_customer, checks = has_customer_sql(table, column_types), []
    for field in fields:
        is_unreadable = f"FILTER (WHERE {has_customer} AND {unreadable_sql(table, field, column_types)})"
        is_amount = field.parse_as is ParseAs.AMOUNT and not field.blank_is_zero
        blank = f"{has_customer} AND {blank_sql(field, column_types)}" if is_amount else "false"
        checks.append(f"count(*) {is_unreadable}, max({sample_sql(field, column_types)}) {is_unreadable}")
        checks.append(f"count(*) FILTER (WHERE {blank})")
    results = connection.execute(f"SELECT {', '.join(checks)} FROM {table.raw_view}").fetchall()[0]
    for field, unreadable, example, blank_amounts in zip(
        fields, results[::3], results[1::3], results[2::3], strict=True
    ):
        if unreadable or blank_amounts:
            yield FieldInspection(field, unreadable, example, blank_amounts)


def _has_thousands_shape(connection: duckdb.DuckDBPyConnection, table: Table, column: str) -> bool:
    """Whether nearly all numbers of a column that have a mark have exactly three digits after it."""
    text = quote_identifier(column)
    threes, marked = _count(connection, table, f"{text} LIKE '%.___'", f"contains({text}, '.')")
    return threes >= MIN_THREE_DIGIT_SHARE * marked


def _count(connection: duckdb.DuckDBPyConnection, table: Table, *conditions: str) -> list[int]:
    """The numbers of lines that meet each condition."""
    counts = ", ".join(f"count(*) FILTER (WHERE {condition})" for condition in conditions)
    return list(connection.execute(f"SELECT {counts} FROM {table.raw_view}").fetchall()[0])


def unreadable_sentences(table: Table, inspection: LineInspection) -> list[str]:
    """A sentence per field with unreadable values."""
    return [
        f"{each.field.name} = {each.field.source!r}: {each.unreadable:,} of {inspection.known:,} lines cannot be read, "
        f"for example {each.example!r}. Expected {_expected_format(each.field, table)}."
        for each in inspection.fields
        if each.unreadable
    ]


def _expected_format(field: Field, table: Table) -> str:
    if field.parse_as is ParseAs.INSTANT and table.section.date_format is not None:
        formats = " or ".join(map(repr, field.date_formats))
        return (
            f"dates in the format of date_format, {formats}; correct it, with the codes of strptime (%y for a year of "
            "two digits), epoch_s, epoch_ms or excel"
        )
    if field.parse_as is ParseAs.INSTANT and field.date_formats != (ISO,):
        return (
            f"dates like the others, {' or '.join(map(repr, field.date_formats))}; set date_format for another format"
        )
    keys = dict.fromkeys(each.keys for each in field.number_formats.values() if each != PLAIN)
    if keys:
        return f"a number with {' or '.join(keys)}" + ("" if field.required else ", or nothing")
    return EXPECTED_FORMATS[field.parse_as]


def date_and_time_remedy(field: Field, column_types: ColumnTypes) -> str:
    """The remedy for a date and a time that stand in two columns; empty where they do not."""
    words = field.source.split() if field.parse_as is ParseAs.INSTANT else []
    splits = [(" ".join(words[:split]), " ".join(words[split:])) for split in range(1, len(words))]
    pairs = [pair for pair in splits if all(part in column_types for part in pair)]
    return (
        f'Write {field.name} = "{DATE_AND_TIME.join(pairs[0])}" for a date and a time in two columns.' if pairs else ""
    )


def _plain_text_columns(table: Table, column_types: ColumnTypes) -> list[str]:
    """The text columns whose numbers are read as plain ones, without the decimal mark being known."""
    if table.section.decimal is not None:
        return []
    columns = [
        column
        for field in table.present_fields
        if field.is_number
        for column in source_columns(field, column_types)
        if is_text(column_types[column]) and field.number_format(column) == PLAIN
    ]
    return list(dict.fromkeys(columns))
