"""Join notes: lines and rows without a partner, and joins that are refused because they would make answers wrong."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from features.config.table_format import Join
from features.errors import InvalidLog
from features.ingestion.canonical_schema import Table
from features.ingestion.rows.row_view import RowView
from features.plausibility_note import PlausibilityNote
from features.wording import count_of, form_of


@dataclass(frozen=True)
class JoinCounts:
    """Lines of the table and rows of the joined file, with and without a partner."""

    lines: int
    matched: int  # lines with a partner
    unmatched_example: str
    unused: int  # rows of the file without a line
    unused_example: str


def join_notes(table: Table, join: Join, counts: JoinCounts, *, multiplies: bool) -> list[PlausibilityNote]:
    """Notes on lines without a partner, and on rows of the joined file that belong to no line."""
    notes = []
    if counts.matched < counts.lines:
        notes.append(_unmatched_note(table, join, counts))
    if counts.unused:
        notes.append(_unused_note(table, join, counts, multiplies=multiplies))
    return notes


def _unmatched_note(table: Table, join: Join, counts: JoinCounts) -> PlausibilityNote:
    unmatched = counts.lines - counts.matched
    return PlausibilityNote(
        code="join_unmatched",
        severity="warning",
        found=f"[{table.name}] {unmatched:,} of {count_of(counts.lines, 'line')} {form_of(unmatched, 'has', 'have')} "
        f"no row in {join.path}, so that its columns are empty there",
        expected=f"a row for every line, with the same {' and '.join(join.key)}",
        remedy=f"Export {join.path} for the same time, or check how the key is written in both",
        count=unmatched,
        example=f"key {counts.unmatched_example or '(empty)'}",
    )


def _unused_note(table: Table, join: Join, counts: JoinCounts, *, multiplies: bool) -> PlausibilityNote:
    return PlausibilityNote(
        code="join_rows_unused",
        severity="warning" if multiplies else "info",
        found=f"[{table.name}] {count_of(counts.unused, 'row')} of {join.path} without a line of {table.section.path} "
        f"{form_of(counts.unused, 'does', 'do')} not count",
        expected="rows of lines that the table has" if multiplies else "rows without a line only of what had none",
        remedy=f"Export {table.section.path} for the same time where these rows are purchases",
        count=counts.unused,
        example=f"key {counts.unused_example}",
    )


def refuse_multiplication(
    connection: duckdb.DuckDBPyConnection, view: RowView, join: Join, join_table: str, repeated: list[str]
) -> None:
    """Refuse a join with several rows per line where values of the line would count several times.

    Args:
        connection: with the table of the join.
        view: the lines before the join.
        join: the section of flywheel.toml.
        join_table: the rows of the file with their key.
        repeated: the keys of flywheel.toml whose values would be repeated.

    Raises:
        InvalidLog: ``repeated`` is not empty.
    """
    if not repeated:
        return
    key, rows = connection.execute(
        f"SELECT __key, count(*) AS n FROM {join_table} GROUP BY 1 ORDER BY n DESC, 1 LIMIT 1"
    ).fetchall()[0]
    names = " and ".join(repeated)
    remedy = (
        f"Take {names} from {join.path} too, such as the price of an item, or leave this join out"
        if view.table.name == "orders"
        else "Leave this join out, or export the file with one row per key"
    )
    raise InvalidLog(
        f"join {join.path!r}: a line can have several rows there, for example {rows:,} with the key {key!r}, so that "
        f"{names} would count several times. Expected one row per key, or values of the rows themselves. {remedy}."
    )


def refuse_unmatched(
    connection: duckdb.DuckDBPyConnection, view: RowView, join: Join, own_key: str, join_table: str
) -> None:
    """Refuse a join of which no key occurs in the table.

    Raises:
        InvalidLog: always, unless the table has no line.
    """
    lines, own = connection.execute(f"SELECT count(*), min({own_key}) FROM {view.name}").fetchall()[0]
    if not lines:
        return
    other = connection.execute(f"SELECT min(__key) FROM {join_table}").fetchall()[0][0]
    raise InvalidLog(
        f"join {join.path!r}: no line has a row there. Found the keys {own!r} in {view.table.section.path!r} and "
        f"{other!r} in {join.path!r}. Expected the same {' and '.join(join.key)} in both: correct key, or the files."
    )
