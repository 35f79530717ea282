"""Column alternatives: the raw columns of each source that a key lists; the first with a value counts."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from features.errors import InvalidConfig
from features.ingestion.canonical_schema import Field, Table
from features.ingestion.raw_text import ColumnTypes
from features.ingestion.value_parsing import columns_of_source


def text_columns(columns: Sequence[str]) -> ColumnTypes:
    """Columns of which only the names matter, as types of text."""
    return dict.fromkeys(columns, "VARCHAR")


def readable_sources(field: Field, columns: Collection[str], known: Sequence[str]) -> tuple[str, ...]:
    """The sources of a field of which all columns are there.

    Args:
        field: a column of the canonical table.
        columns: the columns that are there, such as those of one file.
        known: the columns of the whole table, by which a source is a column or an expression.
    """
    readable = []
    for source in field.sources:
        try:
            parts = columns_of_source(field, source, text_columns(known))
        except InvalidConfig:
            continue
        if all(part in columns for part in parts):
            readable.append(source)
    return tuple(readable)


def needed_columns(table: Table, names: Collection[str], columns: Sequence[str]) -> list[str]:
    """The raw columns that the fields with these names read, of sources that can be parsed."""
    needed: dict[str, None] = {}
    for field in table.present_fields:
        for source in field.sources if field.name in names else ():
            try:
                needed.update(dict.fromkeys(columns_of_source(field, source, text_columns(columns))))
            except InvalidConfig:
                continue
    return [column for column in needed if column in columns]
