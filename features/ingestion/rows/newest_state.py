"""Newest state: of an order that was exported several times, only the lines of its last state count."""

from __future__ import annotations

from dataclasses import replace

import duckdb

from features.errors import InvalidLog
from features.ingestion.canonical_schema import Field, ParseAs
from features.ingestion.date_detection import detect_date_formats
from features.ingestion.rows.row_view import RowView
from features.ingestion.value_parsing import value_sql
from features.ingestion.values.date_formats import ISO
from features.plausibility_note import PlausibilityNote
from features.wording import count_of, form_of


def keep_newest_state(
    connection: duckdb.DuckDBPyConnection, view: RowView, column: str
) -> tuple[RowView, int, list[PlausibilityNote]]:
    """The lines of the newest state of each order, the number of older lines, and a note on them.

    A line without an order is a state of its own. A line without a time is older than one with it.

    Args:
        connection: with the view.
        view: the lines of all files.
        column: the column with the time at which a state was written.

    Raises:
        InvalidLog: no order is named, or the time of a line cannot be read.
    """
    order = view.order_key_sql()
    if order is None:
        raise InvalidLog(
            "updated_at: found no order_id. Expected one, whose newest state counts: name it, or leave updated_at out."
        )
    written, notes = _instant_sql(connection, view, column)
    newest = _create_newest_states(connection, view, order, written)
    joined = f"FROM {view.name} AS lines LEFT JOIN {newest} AS states ON {order} = states.__order_key"
    older_than = f"states.__newest IS NOT NULL AND coalesce({written}, '-infinity') < states.__newest"
    older, orders, example = connection.execute(
        f"SELECT count(*), count(DISTINCT states.__order_key), min(states.__order_key) {joined} WHERE {older_than}"
    ).fetchall()[0]
    if not older:
        return view, 0, notes
    notes.append(_older_note(view, older, orders, example))
    return view.derive(connection, "newest", f"SELECT lines.* {joined} WHERE NOT ({older_than})"), older, notes


def _create_newest_states(connection: duckdb.DuckDBPyConnection, view: RowView, order: str, written: str) -> str:
    """Write the newest time of each order with several to a temporary table; return its name."""
    newest = f"{view.table.files_view}_newest"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {newest} AS SELECT {order} AS __order_key, max({written}) AS __newest "
        f"FROM {view.name} WHERE {order} IS NOT NULL GROUP BY 1 HAVING count(DISTINCT coalesce({written}, "
        "'-infinity')) > 1"
    )
    return newest


def _older_note(view: RowView, older: int, orders: int, example: str) -> PlausibilityNote:
    return PlausibilityNote(
        code="older_states",
        severity="info",
        found=f"[{view.table.name}] {count_of(older, 'line')} of older states of {count_of(orders, 'order')} "
        f"{form_of(older, 'does', 'do')} not count",
        expected="one state of an order, or its newest by updated_at",
        remedy="Nothing is to do where an order number names one order only",
        count=older,
        example=f"order {example}",
    )


def _instant_sql(
    connection: duckdb.DuckDBPyConnection, view: RowView, column: str
) -> tuple[str, list[PlausibilityNote]]:
    """SQL of the time of a state, in the format in which all of them can be read, with a note where it was found."""
    formats = (*(view.table.section.date_format or ()), ISO)
    field = Field("updated_at", ParseAs.INSTANT, (column,), date_formats=formats)
    written = value_sql(view.table, field, view.column_types)
    unreadable, _ = _count_unreadable(connection, view, column, written)
    if not unreadable:
        return written, []
    table = replace(view.table, lines_view=view.name, fields=(view.table.fields[0], field))
    detection = detect_date_formats(connection, table, view.column_types, [field])
    if detection.faults:
        raise InvalidLog("\n".join(detection.faults.values()))
    written = value_sql(view.table, detection.table.fields[-1], view.column_types)
    unreadable, example = _count_unreadable(connection, view, column, written)
    if unreadable:
        raise InvalidLog(
            f"updated_at = {column!r}: {count_of(unreadable, 'line')} cannot be read, for example {example!r}. "
            "Expected a date or time like 2026-01-31 18:30:00; set date_format for another format."
        )
    return written, list(detection.notes)


def _count_unreadable(
    connection: duckdb.DuckDBPyConnection, view: RowView, column: str, written: str
) -> tuple[int, str | None]:
    text = view.text_sql(column)
    count, example = connection.execute(
        f"SELECT count(*), max({text}) FROM {view.name} WHERE {text} IS NOT NULL AND {written} IS NULL"
    ).fetchall()[0]
    return count, example
