"""Value checks: every value of a raw table is read once, in the formats that its columns are written in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb

from features.errors import InvalidLog
from features.ingestion.bad_lines import (
    bad_line_sql,
    bad_lines_remedy,
    count_bad_lines,
    find_rejected_lines,
    rejection_note,
)
from features.ingestion.blank_amounts import BlankAmounts, resolve_blank_amounts
from features.ingestion.canonical_schema import Table
from features.ingestion.date_detection import ambiguous_order_notes
from features.ingestion.format_detection import inspect_formats
from features.ingestion.line_checks import LineInspection, unreadable_sentences
from features.ingestion.raw_text import ColumnTypes
from features.ingestion.rejected_lines import RejectedLine
from features.ingestion.values.date_formats import date_format_fault
from features.plausibility_note import PlausibilityNote

MAX_LISTED_LINES = 5


@dataclass(frozen=True)
class CheckedValues:
    """A table whose remaining lines can all be read, its counts, and the lines that were set aside."""

    table: Table
    lines: int
    known: int  # lines with a customer
    rejected: tuple[RejectedLine, ...] = ()
    notes: tuple[PlausibilityNote, ...] = ()


def check_values(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    column_types: ColumnTypes,
    broken: Sequence[RejectedLine],
    currency: str,
) -> CheckedValues:
    """Read every line of a table; ``broken`` are the lines whose values could not even be told apart.

    Raises:
        InvalidLog: a format is unknown or remains in doubt, or more lines are bad than ``bad_lines.at_most`` allows.
    """
    formats = table.section.date_format or ()
    if faults := [f"date_format: {fault}." for each in formats if (fault := date_format_fault(each))]:
        raise InvalidLog("\n".join(faults))
    inspected = inspect_formats(connection, table, column_types, currency)
    blanks = resolve_blank_amounts(connection, inspected.table, column_types, inspected.inspection)
    rejected = _reject_lines(connection, blanks, column_types, inspected.inspection, broken)
    remaining = _without_lines(connection, blanks, column_types, has_bad_lines=len(rejected) > len(broken))
    notes = [*inspected.notes, *blanks.notes, *ambiguous_order_notes(connection, remaining, column_types)]
    lines = inspected.inspection.lines + len(broken)
    if rejected:
        notes.append(rejection_note(table, rejected, lines))
    known = inspected.inspection.known + len(broken)
    return CheckedValues(remaining, lines, known, rejected, tuple(notes))


def _reject_lines(
    connection: duckdb.DuckDBPyConnection,
    blanks: BlankAmounts,
    column_types: ColumnTypes,
    inspection: LineInspection,
    broken: Sequence[RejectedLine],
) -> tuple[RejectedLine, ...]:
    """The lines to set aside; raises InvalidLog with a sentence for each fault where they are too many."""
    table = blanks.table
    sentences = unreadable_sentences(table, inspection) + ([blanks.sentence] if blanks.sentence else [])
    bad_line = bad_line_sql(table, column_types, blanks.unexplained)
    bad = (count_bad_lines(connection, table, bad_line) if sentences else 0) + len(broken)
    lines = inspection.lines + len(broken)
    if bad > table.section.bad_lines.at_most * lines:
        sentences += [f"{line.file}, line {line.line}: {line.reason}." for line in broken[:MAX_LISTED_LINES]]
        raise InvalidLog("\n".join([*sentences, *filter(None, [bad_lines_remedy(bad, lines)])]))
    if not sentences:
        return tuple(broken)
    return (*broken, *find_rejected_lines(connection, table, column_types, bad_line, blanks.unexplained))


def _without_lines(
    connection: duckdb.DuckDBPyConnection, blanks: BlankAmounts, column_types: ColumnTypes, *, has_bad_lines: bool
) -> Table:
    """The table without the lines that are set aside or skipped."""
    table = blanks.table
    bad = [bad_line_sql(table, column_types, blanks.unexplained)] if has_bad_lines else []
    conditions = [*bad, *([blanks.skipped] if blanks.skipped else [])]
    if not conditions:
        return table
    view = f"readable_{table.name}"
    lines = f"SELECT * FROM {table.raw_view} WHERE NOT ({' OR '.join(conditions)})"
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {lines}")
    return replace(table, lines_view=view)
