"""Raw lines: how many lines the files of a table have, which are exact duplicates, and which stand in several files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from features.ingestion.file_union import FILE_COLUMN
from features.ingestion.rows.row_view import RowView
from features.plausibility_note import PlausibilityNote
from features.storage.sql_quoting import quote_identifier
from features.wording import count_of, form_of


@dataclass(frozen=True)
class LineCounts:
    """Counts over the lines of all files, before any is left out."""

    lines: int
    duplicates: int  # of a line within one file
    overlapping: int = 0  # lines that stand in several files, less the most that one file has


def count_lines(connection: duckdb.DuckDBPyConnection, view: RowView) -> LineCounts:
    """Count the lines of a table without several files, and the exact duplicates among them."""
    # Of 100 million different lines two have the same 64-bit hash in 1 of 3,700 logs.
    line_hash = f"hash({', '.join(map(quote_identifier, view.columns))})"
    counts = f"SELECT count(*), count(DISTINCT {line_hash}) FROM {view.name}"
    lines, distinct = connection.execute(counts).fetchall()[0]
    return LineCounts(lines, lines - distinct)


def unite_overlaps(
    connection: duckdb.DuckDBPyConnection, view: RowView, identity: Sequence[str]
) -> tuple[RowView, LineCounts, list[PlausibilityNote]]:
    """The lines of several files, each as often as in the file that has it most often; with counts and a note.

    A line of exports that overlap stands in both files, and is one purchase. Within a file it may stand twice, because
    two equal purchases are.

    Args:
        connection: with the view.
        view: the lines with the column of their file.
        identity: SQL of the values by which lines of different files are the same.
    """
    line_hash = f"hash({', '.join(identity)})"
    overlaps, lines, duplicates = _create_overlaps(connection, view, line_hash)
    repeated, overlapping = connection.execute(
        f"SELECT count(*), coalesce(sum(__all_copies - __kept_copies), 0)::BIGINT FROM {overlaps}"
    ).fetchall()[0]
    counts = LineCounts(lines, duplicates, overlapping)
    if not overlapping:
        return view, counts, []
    sql = (
        f"SELECT lines.* FROM {view.name} AS lines LEFT JOIN {overlaps} AS __overlaps ON {line_hash} = "
        "__overlaps.__line_hash "
        f"WHERE __overlaps.__kept_file IS NULL OR __overlaps.__kept_file = lines.{FILE_COLUMN}"
    )
    note = _overlap_note(connection, view, counts, repeated, line_hash, overlaps)
    return view.derive(connection, "once", sql), counts, [note]


def _create_overlaps(connection: duckdb.DuckDBPyConnection, view: RowView, line_hash: str) -> tuple[str, int, int]:
    """Write the lines that stand in several files to a temporary table.

    Returns its name, the number of all lines, and the number of those that repeat a line of their own file.
    """
    hashes, overlaps = f"{view.table.files_view}_hashes", f"{view.table.files_view}_overlaps"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {hashes} AS SELECT {line_hash} AS __line_hash, {FILE_COLUMN} AS __file_of_line, "
        f"count(*) AS __copies FROM {view.name} GROUP BY ALL"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {overlaps} AS SELECT __line_hash, max(__copies) AS __kept_copies, sum(__copies) "
        "AS __all_copies, "
        f"arg_max(__file_of_line, (__copies, __file_of_line)) AS __kept_file FROM {hashes} GROUP BY __line_hash "
        "HAVING count(*) > 1"
    )
    totals = f"SELECT coalesce(sum(__copies), 0)::BIGINT, coalesce(sum(__copies - 1), 0)::BIGINT FROM {hashes}"
    lines, duplicates = connection.execute(totals).fetchall()[0]
    connection.execute(f"DROP TABLE {hashes}")
    return overlaps, lines, duplicates


def drop_duplicates(connection: duckdb.DuckDBPyConnection, view: RowView) -> RowView:
    """The lines without exact duplicates within a file."""
    return view.derive(connection, "distinct", f"SELECT DISTINCT * FROM {view.name}")


def _overlap_note(
    connection: duckdb.DuckDBPyConnection,
    view: RowView,
    counts: LineCounts,
    repeated: int,
    line_hash: str,
    overlaps: str,
) -> PlausibilityNote:
    columns = [column for column in view.columns if column != FILE_COLUMN]
    text = f"concat_ws(', ', {', '.join(f'CAST({quote_identifier(column)} AS VARCHAR)' for column in columns)})"
    files, example = connection.execute(
        f"SELECT string_agg(DISTINCT {FILE_COLUMN}, ' and ' ORDER BY {FILE_COLUMN}), min(line) FROM (SELECT "
        f"{FILE_COLUMN}, "
        f"{text} AS line, {line_hash} AS __line_hash FROM {view.name}) WHERE __line_hash = (SELECT min(__line_hash) "
        f"FROM {overlaps})"
    ).fetchall()[0]
    share = counts.overlapping / counts.lines
    return PlausibilityNote(
        code="overlapping_files",
        severity="info" if view.order_key_sql() else "warning",
        found=f"[{view.table.name}] {count_of(repeated, 'line')} {form_of(repeated, 'stands', 'stand')} in several "
        f"files; {counts.overlapping:,} {form_of(counts.overlapping, 'copy was', 'copies were')} left out "
        f"({share:.1%} of all lines), so that each counts once",
        expected="files that do not overlap",
        remedy="If these are different purchases, add a column that tells them apart, such as an order number or the "
        "store; otherwise nothing is to do",
        count=counts.overlapping,
        example=f"{example} in {files}",
    )
