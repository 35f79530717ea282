"""Format detection: plain numbers and ISO dates first, and other formats where a column has anything else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import duckdb

from features.errors import InvalidConfig, InvalidLog
from features.ingestion.canonical_schema import Field, ParseAs, Table
from features.ingestion.date_detection import detect_date_formats
from features.ingestion.line_checks import LineInspection, inspect_lines, unreadable_sentences
from features.ingestion.number_detection import detect_number_formats, number_columns
from features.ingestion.raw_text import ColumnTypes
from features.ingestion.value_parsing import columns_of_source, source_columns
from features.plausibility_note import PlausibilityNote


@dataclass(frozen=True)
class InspectedTable:
    """A table with the formats of its columns, what its lines have in these formats, and notes on them."""

    table: Table
    inspection: LineInspection
    notes: tuple[PlausibilityNote, ...]


def present_sources(table: Table, column_types: ColumnTypes) -> Table:
    """The table with those sources of each field whose columns exist; a field without any keeps all of them."""
    fields = []
    for field in table.fields:
        present = [source for source in field.sources if _is_present(field, source, column_types)]
        fields.append(replace(field, sources=tuple(present) or field.sources))
    return replace(table, fields=tuple(fields))


def inspect_formats(
    connection: duckdb.DuckDBPyConnection, table: Table, column_types: ColumnTypes, currency: str
) -> InspectedTable:
    """Read every line, and once more in other formats where some cannot be read or may mean something else.

    Raises:
        InvalidLog: a column can be read in several ways that differ.
    """
    notes: list[PlausibilityNote] = []
    if table.section.decimal == "," or table.section.thousands:
        columns = number_columns(table, column_types)
        detection = detect_number_formats(connection, table, column_types, columns, currency)
        table, notes = detection.table, [*detection.notes]
    inspection = inspect_lines(connection, table, column_types)
    columns_in_doubt = _numbers_in_doubt(table, column_types, inspection)
    dates_in_doubt = _dates_in_doubt(table, inspection)
    if not columns_in_doubt and not dates_in_doubt:
        return InspectedTable(table, inspection, tuple(notes))
    numbers = detect_number_formats(connection, table, column_types, columns_in_doubt, currency)
    dates = detect_date_formats(connection, numbers.table, column_types, dates_in_doubt)
    inspection = inspect_lines(connection, dates.table, column_types)
    faults = {**numbers.faults, **dates.faults}
    if faults:
        others = tuple(each for each in inspection.fields if each.field.name not in faults)
        sentences = unreadable_sentences(dates.table, replace(inspection, fields=others))
        raise InvalidLog("\n".join([*faults.values(), *sentences]))
    return InspectedTable(dates.table, inspection, (*notes, *numbers.notes, *dates.notes))


def _is_present(field: Field, source: str, column_types: ColumnTypes) -> bool:
    try:
        return all(column in column_types for column in columns_of_source(field, source, column_types))
    except InvalidConfig:
        return False


def _numbers_in_doubt(table: Table, column_types: ColumnTypes, inspection: LineInspection) -> list[str]:
    """The text columns of numbers that are unreadable, or that may have marks between thousands."""
    unreadable: set[str] = set()
    for each in inspection.fields:
        if each.unreadable and each.field.is_number:
            unreadable.update(source_columns(each.field, column_types))
    columns: Iterable[str] = number_columns(table, column_types)
    return [column for column in columns if column in unreadable | inspection.three_digit_columns]


def _dates_in_doubt(table: Table, inspection: LineInspection) -> list[Field]:
    if table.section.date_format is not None:
        return []
    return [each.field for each in inspection.fields if each.unreadable and each.field.parse_as is ParseAs.INSTANT]
