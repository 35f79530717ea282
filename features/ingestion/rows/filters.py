"""Filters: ``include`` and ``exclude`` of a table, by a column and its values, compared without case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from features.canonical_form import canonical_word
from features.config.table_format import TableFormat
from features.errors import InvalidLog
from features.ingestion.canonical_schema import Table
from features.ingestion.rows.row_view import RowView
from features.plausibility_note import PlausibilityNote
from features.storage.sql_quoting import quote_literal

MAX_LISTED = 8
MAX_WORDS = 50  # a column with more different values may name customers, such as by their address

ValueCounts = Mapping[str, int]
"""Lines by value of a column, in its canonical form."""


def kept_sql(view: RowView) -> str | None:
    """SQL of whether a line counts; None where the table filters nothing.

    A line needs one of the values of every column of ``include`` and none of those of ``exclude``. An empty text stands
    for a missing value.
    """
    section = view.table.section
    conditions = [_listed_sql(view, column, values) for column, values in section.include.items()]
    conditions += [f"NOT {_listed_sql(view, column, values)}" for column, values in section.exclude.items()]
    return " AND ".join(conditions) or None


def keep_lines(connection: duckdb.DuckDBPyConnection, view: RowView, selected: str) -> RowView:
    """The lines that count."""
    return view.derive(connection, "kept", f"SELECT * FROM {view.name} WHERE {selected}")


def filter_columns(section: TableFormat) -> list[tuple[str, str]]:
    """The key of flywheel.toml and the column of every filter."""
    return [*(("include", column) for column in section.include), *(("exclude", column) for column in section.exclude)]


def absent_value_notes(table: Table, values: Mapping[str, ValueCounts]) -> list[PlausibilityNote]:
    """Notes on values of filters that no line has: often a typo, or another language.

    Args:
        table: with its filters.
        values: lines by value, for every column of a filter, before the filters.
    """
    notes = []
    for key, filters in (("include", table.section.include), ("exclude", table.section.exclude)):
        for column, listed in filters.items():
            absent = [value for value in listed if canonical_word(value) not in values[column]]
            if absent:
                notes.append(_absent_note(table, key, column, absent, values[column]))
    return notes


def _absent_note(table: Table, key: str, column: str, absent: Sequence[str], counts: ValueCounts) -> PlausibilityNote:
    """The note on values that no line has.

    Where the column may name customers, its values are the example, which is not stored where erasure cannot reach.
    """
    customers = next((field.sources for field in table.fields if field.name == "customer_id"), ())
    may_name_customers = column in customers or len(counts) > MAX_WORDS
    return PlausibilityNote(
        code="filter_value_absent",
        severity="warning",
        found=f"[{table.name}] {key}: no line has {', '.join(map(repr, absent))} in {column!r}",
        expected="values of that column" + ("" if may_name_customers else f", which are {list_values(counts)}"),
        remedy="Correct the value, or leave it out",
        count=len(absent),
        example=list_values(counts) if may_name_customers else repr(absent[0]),
    )


def check_any_kept(kept_lines: int, values: Mapping[str, ValueCounts]) -> None:
    """Refuse filters that leave nothing.

    Raises:
        InvalidLog: no line counts, though there are lines.
    """
    if kept_lines or not any(values.values()):
        return
    columns = "; ".join(f"{column!r} has {list_values(counts)}" for column, counts in values.items())
    raise InvalidLog(
        f"include and exclude leave no line: {columns}. Expected values of these columns: correct the filters, or "
        "remove them."
    )


def list_values(counts: ValueCounts) -> str:
    """The most frequent values with their counts, as text."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    listed = ", ".join(f"{value or '(empty)'!r} ({count:,})" for value, count in ordered[:MAX_LISTED])
    more = f" and {len(ordered) - MAX_LISTED:,} more" if len(ordered) > MAX_LISTED else ""
    return listed + more


def _listed_sql(view: RowView, column: str, values: Sequence[str]) -> str:
    return f"{view.word_sql(column)} IN ({', '.join(quote_literal(canonical_word(value)) for value in values)})"
