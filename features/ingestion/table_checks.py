"""Table checks: every table is opened and read to its end before any is written, so that all faults come at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from features.config.shop import ShopConfig
from features.errors import FlywheelError, InvalidLog
from features.ingestion.canonical_rows import CheckedTable
from features.ingestion.canonical_schema import TABLE_NAMES, Table, canonical_tables
from features.ingestion.customer_ids import resolve_ids, spellings_table
from features.ingestion.files.read_options import ReadOptions
from features.ingestion.id_notes import id_notes
from features.ingestion.opened_source import OpenedSource
from features.ingestion.raw_tables import create_raw_view, translate_read_errors
from features.ingestion.rows.aliases import load_aliases, unused_note
from features.ingestion.rows.row_selection import RowSelection
from features.ingestion.rows.row_view import Opener
from features.ingestion.source_digests import table_digest
from features.ingestion.source_view import open_source
from features.ingestion.value_checks import check_values
from features.ingestion.value_parsing import canonical_customer_sql
from features.plausibility_note import PlausibilityNote


def check_tables(
    connection: duckdb.DuckDBPyConnection,
    config: ShopConfig,
    spill: Path,
    report: Callable[[str], None],
    names: Collection[str] = TABLE_NAMES,
) -> tuple[list[CheckedTable], list[PlausibilityNote]]:
    """Open and read every table of these names; return them with the notes on their files, lines and values.

    Raises:
        InvalidLog: a table cannot be read as flywheel.toml describes it; the text lists every fault.
    """
    selection = RowSelection(connection, config, _view_opener(connection, config, spill))
    tables, notes, faults = list[CheckedTable](), list[PlausibilityNote](), _alias_faults(selection)
    for table in (table for table in canonical_tables(config) if table.name in names):
        report(f"checking {table.name} at {table.section.path}")
        try:
            checked = _check_table(selection, table, spill)
        except FlywheelError as error:
            faults += _section_faults(table.name, error)
        else:
            tables.append(checked)
            ids = id_notes(connection, checked.table)
            notes += [*checked.opened.notes, *checked.rows.notes, *ids, *checked.values.notes]
    if faults:
        raise InvalidLog("\n".join(["The log is not as flywheel.toml describes it:", *faults]))
    if config.aliases is not None:
        notes += _alias_notes(connection, tables[0].table)
    return tables, notes


def _alias_faults(selection: RowSelection) -> list[str]:
    """Load the aliases, if there are any; return a sentence for every fault."""
    config = selection.config
    if config.aliases is None:
        return []
    try:
        load_aliases(selection.connection, selection.open_view, config.aliases, config.id_case)
    except FlywheelError as error:
        return _section_faults("aliases", error)
    return []


def _alias_notes(connection: duckdb.DuckDBPyConnection, orders: Table) -> list[PlausibilityNote]:
    customer = canonical_customer_sql("spelling", orders.id_form)
    return unused_note(connection, spellings_table(orders), customer)


def _section_faults(section: str, error: FlywheelError) -> list[str]:
    return [f"  - [{section}] {sentence}" for sentence in str(error).splitlines()]


def _check_table(selection: RowSelection, table: Table, spill: Path) -> CheckedTable:
    """Open and read a whole source; raise InvalidLog with one line per fault."""
    path, config = table.section.path, selection.config
    # The digest comes first, so that a log that grows while it is read counts as changed.
    source = table_digest(table, config.folder)
    opened = open_source(selection.connection, table, config.folder, spill)
    with translate_read_errors(path):
        rows = selection.select(table, opened)
        rows = replace(rows, table=resolve_ids(selection.connection, rows.table, rows.column_types))
        values = check_values(selection.connection, rows.table, rows.column_types, opened.rejected, config.currency)
    return CheckedTable(opened, rows, values, source)


def _view_opener(connection: duckdb.DuckDBPyConnection, config: ShopConfig, spill: Path) -> Opener:
    def open_view(
        view: str, path: str, *, sheet: str | None = None, encoding: str | None = None, columns: Sequence[str] = ()
    ) -> OpenedSource:
        named = tuple((column,) for column in columns)
        options = ReadOptions(spill=spill, sheet=sheet, encoding=encoding, columns=named)
        return create_raw_view(connection, view, path, config.folder, options)

    return open_view
