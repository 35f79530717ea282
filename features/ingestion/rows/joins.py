"""Joins: the columns of further files, such as order items or customers, added to the lines of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import duckdb

from features.config.table_format import Join
from features.errors import InvalidLog
from features.ingestion.canonical_schema import ParseAs, Table
from features.ingestion.file_union import FILE_COLUMN, RawFile
from features.ingestion.rows.column_alternatives import needed_columns
from features.ingestion.rows.join_notes import JoinCounts, join_notes, refuse_multiplication, refuse_unmatched
from features.ingestion.rows.line_identity import identity_sql
from features.ingestion.rows.missing_columns import close_names, found_columns
from features.ingestion.rows.raw_lines import unite_overlaps
from features.ingestion.rows.row_view import Opener, RowView
from features.plausibility_note import PlausibilityNote
from features.storage.sql_quoting import quote_identifier

_SUMMED = (ParseAs.AMOUNT, ParseAs.NUMBER)


@dataclass(frozen=True)
class JoinedFile:
    """A further file as a view, and how its columns are called among those of the table."""

    join: Join
    view: RowView
    files: tuple[RawFile, ...]
    position: int
    keys: tuple[tuple[str, str], ...]  # column of the table, column of this file
    taken: dict[str, str]  # column of this file, name among the columns of the table

    @property
    def table(self) -> str:
        """The name of the temporary table with the taken columns."""
        return f"{self.view.table.files_view}_join_{self.position}"

    def of_table(self, table: Table) -> JoinedFile:
        """The same file, joined to a table whose fields have only the sources that exist."""
        return replace(self, view=RowView(table, self.view.name, self.view.column_types))


def open_join(open_view: Opener, view: RowView, join: Join, position: int, files_columns: Sequence[str]) -> JoinedFile:
    """Open the file of a join and find its columns.

    Args:
        open_view: opens a path as a view.
        view: the lines that the file is joined to, with the columns of earlier joins.
        join: a section ``[[...join]]``.
        position: of the join, from 1.
        files_columns: the columns of the table's own files and of earlier joins.

    Raises:
        InvalidLog: the file cannot be read, or a column is missing; the text lists every fault.
    """
    name = f"{view.table.files_view}_joined_{position}"
    keys = tuple(_key_columns(key) for key in join.key)
    named = [*(right for _, right in keys), *join.columns]
    opened = open_view(name, join.path, sheet=join.sheet, encoding=join.encoding, columns=named)
    joined = RowView(view.table, name, opened.column_types)
    if faults := _join_faults(join, keys, view, joined, files_columns):
        raise InvalidLog("\n".join(faults))
    return JoinedFile(join, joined, opened.files, position, keys, _taken_names(join, joined, keys, files_columns))


def _join_faults(
    join: Join, keys: Sequence[tuple[str, str]], view: RowView, joined: RowView, files_columns: Sequence[str]
) -> list[str]:
    """A sentence for every column of a join that is not there."""
    where = f"join {join.path!r}"
    faults = [
        f"{where}: key = {key!r}: no column {column!r} in {place}. {found_columns(columns)}{_nearest(column, columns)}"
        for key, (left, right) in zip(join.key, keys, strict=True)
        for column, columns, place in (
            (left, files_columns, view.table.section.path),
            (right, joined.columns, join.path),
        )
        if column not in columns
    ]
    return faults + [
        f"{where}: columns: no column {column!r}. {found_columns(joined.columns)}{_nearest(column, joined.columns)}"
        for column in join.columns
        if column not in joined.column_types
    ]


def add_columns(
    connection: duckdb.DuckDBPyConnection, view: RowView, joined: JoinedFile
) -> tuple[RowView, list[PlausibilityNote]]:
    """The lines with the columns of a further file; a line without partner has none there.

    Raises:
        InvalidLog: no line has a partner, or amounts would count several times.
    """
    source, notes = joined.view, list[PlausibilityNote]()
    if len(joined.files) > 1:
        source, _, notes = unite_overlaps(connection, source, identity_sql(source, joined.files))
    own_key = _key_sql(view, [left for left, _ in joined.keys])
    multiplies = _create_join_table(connection, source, joined, distinct=not _feeds_sums(view, joined))
    if multiplies:
        refuse_multiplication(connection, view, joined.join, joined.table, _summed_before(view, joined))
    counts = _count_partners(connection, view, joined, own_key)
    if not counts.matched:
        refuse_unmatched(connection, view, joined.join, own_key, joined.table)
    names = {name: f"__joined.{quote_identifier(name)}" for name in joined.taken.values()}
    sql = (
        f"SELECT lines.*{''.join(f', {value}' for value in names.values())} FROM {view.name} AS lines "
        f"LEFT JOIN {joined.table} AS __joined ON {own_key} = __joined.__key"
    )
    types = {name: source.column_types[column] for column, name in joined.taken.items()}
    derived = view.derive(connection, f"join_{joined.position}", sql, types)
    return derived, [*notes, *join_notes(view.table, joined.join, counts, multiplies=multiplies)]


def _key_columns(key: str) -> tuple[str, str]:
    left, equals, right = key.partition("=")
    return (left.strip(), right.strip()) if equals else (key, key)


def _taken_names(
    join: Join, joined: RowView, keys: Sequence[tuple[str, str]], files_columns: Sequence[str]
) -> dict[str, str]:
    """The columns to take; one whose name the table has already is named after its file, such as ``items.price``."""
    present = {column.casefold() for column in files_columns}
    stem = PurePosixPath(join.path.partition("#")[2] or join.path).name.partition(".")[0]
    wanted = join.columns or tuple(column for column in joined.columns if column != FILE_COLUMN)
    same = {right for left, right in keys if left.casefold() == right.casefold()}
    return {
        column: f"{stem}.{column}" if column.casefold() in present else column
        for column in wanted
        if column not in same
    }


def _key_sql(view: RowView, columns: Sequence[str]) -> str:
    """SQL of the key of a line; null where a part of it is missing, so that it matches nothing."""
    parts = [view.key_sql([column]) for column in columns]
    return parts[0] if len(parts) == 1 else " || chr(31) || ".join(f"({part})" for part in parts)


def _create_join_table(
    connection: duckdb.DuckDBPyConnection, source: RowView, joined: JoinedFile, *, distinct: bool
) -> bool:
    """Write the taken columns with their key to a temporary table; return whether a key has several rows."""
    key = _key_sql(source, [right for _, right in joined.keys])
    taken = "".join(
        f", {quote_identifier(column)} AS {quote_identifier(name)}" for column, name in joined.taken.items()
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {joined.table} AS SELECT {'DISTINCT ' if distinct else ''}{key} AS __key{taken} "
        f"FROM {source.name} WHERE {key} IS NOT NULL"
    )
    rows, keys = connection.execute(f"SELECT count(*), count(DISTINCT __key) FROM {joined.table}").fetchall()[0]
    return bool(rows > keys)


def _feeds_sums(view: RowView, joined: JoinedFile) -> bool:
    """Whether a sum reads the file: then two equal rows are two items, and else one row written twice."""
    names = {field.name for field in view.table.present_fields if field.parse_as in _SUMMED}
    columns = [*view.columns, *joined.taken.values()]
    return any(column in joined.taken.values() for column in needed_columns(view.table, names, columns))


def _summed_before(view: RowView, joined: JoinedFile) -> list[str]:
    """The keys of flywheel.toml whose values would be repeated by a file with several rows per line."""
    columns = [*view.columns, *joined.taken.values()]
    taken = set(joined.taken.values())
    if view.table.name != "orders" or not any(field.parse_as in _SUMMED for field in view.table.present_fields):
        required = {field.name for field in view.table.present_fields if field.required or field.name == "customer_id"}
        reads_it = any(column in taken for column in needed_columns(view.table, required | {"order_id"}, columns))
        return [] if reads_it or view.order_key_sql() else [field.name for field in view.table.present_fields][:1]
    return [
        field.name
        for field in view.table.present_fields
        if field.parse_as in _SUMMED and not taken & set(needed_columns(view.table, {field.name}, columns))
    ]


def _count_partners(
    connection: duckdb.DuckDBPyConnection, view: RowView, joined: JoinedFile, own_key: str
) -> JoinCounts:
    lines, matched, example = connection.execute(
        f"SELECT count(*), count(*) FILTER (WHERE has_partner), min(own_key) FILTER (WHERE NOT has_partner) FROM ("
        f"SELECT {own_key} AS own_key, coalesce({own_key} IN (SELECT __key FROM {joined.table}), false) AS has_partner "
        f"FROM {view.name})"
    ).fetchall()[0]
    unused, unused_example = connection.execute(
        f"SELECT count(*), min(__key) FROM {joined.table} ANTI JOIN (SELECT {own_key} AS __key FROM {view.name}) AS "
        "keys USING (__key)"
    ).fetchall()[0]
    return JoinCounts(lines, matched, example or "", unused, unused_example or "")


def _nearest(column: str, columns: Sequence[str]) -> str:
    names = close_names(column, columns)
    return f" The nearest is {names[0]!r}." if names else " Name one of these."
