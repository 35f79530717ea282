"""Ingestion: check the whole raw log, then write it as the canonical history in parquet, in UTC microseconds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import duckdb

from features.config.shop import ShopConfig
from features.errors import FlywheelError, InvalidLog
from features.ingestion.canonical_functions import register_canonical_functions
from features.ingestion.canonical_rows import CheckedTable
from features.ingestion.canonical_schema import TABLE_NAMES, Table, canonical_tables
from features.ingestion.customer_ids import resolve_ids, select_erased_ids
from features.ingestion.files.read_options import ReadOptions
from features.ingestion.files.spill import spill_folder
from features.ingestion.id_notes import id_notes
from features.ingestion.manifest import MANIFEST_FILE, HistoryManifest
from features.ingestion.opened_source import OpenedSource
from features.ingestion.raw_tables import content_digest, create_raw_view, translate_read_errors
from features.ingestion.rejected_file import write_rejected_lines
from features.ingestion.rows.aliases import load_aliases
from features.ingestion.rows.row_selection import RowSelection
from features.ingestion.rows.row_view import Opener
from features.ingestion.source_view import open_source
from features.ingestion.table_writer import write_table
from features.ingestion.value_checks import check_values
from features.plausibility_note import PlausibilityNote
from features.storage.sql_quoting import quote_literal

ErasedSelector = Callable[[Iterable[str]], Sequence[str]]


def source_digest(config: ShopConfig) -> str:
    """sha256 over every source that the configuration names, joined files and aliases too."""
    digests = [_table_digest(table, config.folder) for table in canonical_tables(config)]
    return _combine_digests([*digests, *_alias_digest(config)])


def ingest(
    config: ShopConfig,
    folder: Path,
    report: Callable[[str], None] = lambda _: None,
    select_erased: ErasedSelector | None = None,
) -> HistoryManifest:
    """Check the whole raw log, then write it to ``folder``, one parquet file per table.

    ``select_erased`` takes the customer ids of a table and returns the erased ones; their lines are left out.

    Raises:
        InvalidLog: a column is missing or a value is unreadable; the text lists every fault, and nothing is written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with spill_folder(folder) as spill, closing(_connect(config, folder)) as connection:
        return _ingest_tables(connection, config, folder, spill, report, select_erased)


def _ingest_tables(
    connection: duckdb.DuckDBPyConnection,
    config: ShopConfig,
    folder: Path,
    spill: Path,
    report: Callable[[str], None],
    select_erased: ErasedSelector | None,
) -> HistoryManifest:
    checked_tables, faults = [], []
    notes: list[PlausibilityNote] = []
    selection = RowSelection(connection, config, _view_opener(connection, config, spill))
    alias_digest = _alias_digest(config) if config.aliases is not None else []
    if config.aliases is not None:
        try:
            load_aliases(connection, selection.open_view, config.aliases, config.id_case)
        except FlywheelError as error:
            faults += [f"  - [aliases] {sentence}" for sentence in str(error).splitlines()]
    for table in canonical_tables(config):
        report(f"checking {table.name} at {table.section.path}")
        try:
            checked = _check_table(selection, table, spill)
            checked_tables.append(checked)
            notes += [
                *checked.opened.notes,
                *checked.rows.notes,
                *id_notes(connection, checked.table),
                *checked.values.notes,
            ]
        except FlywheelError as error:
            faults += [f"  - [{table.name}] {sentence}" for sentence in str(error).splitlines()]
    if faults:
        raise InvalidLog("\n".join(["The log is not as flywheel.toml describes it:", *faults]))
    # After a kill half way the tables are incomplete, and an older manifest would mark them as complete.
    (folder / MANIFEST_FILE).unlink(missing_ok=True)
    summaries = []
    _load_erased(connection, checked_tables, select_erased)
    for checked in checked_tables:
        report(f"writing {checked.table.name}")
        summary, further_notes = write_table(connection, checked, folder, has_aliases=config.aliases is not None)
        summaries.append(summary)
        notes += further_notes
    for name in set(TABLE_NAMES) - {checked.table.name for checked in checked_tables}:
        (folder / f"{name}.parquet").unlink(missing_ok=True)
    rejected = {checked.table.name: checked.values.rejected for checked in checked_tables}
    write_rejected_lines(folder, rejected, select_erased)
    manifest = HistoryManifest(
        config.fingerprint,
        _combine_digests([*(checked.source for checked in checked_tables), *alias_digest]),
        tuple(summaries),
        tuple(notes),
    )
    manifest.write(folder)
    return manifest


def _connect(config: ShopConfig, folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"SET TimeZone={quote_literal(config.timezone)}")
    connection.execute(f"SET temp_directory={quote_literal(str(folder / 'spill'))}")
    connection.execute("SET preserve_insertion_order=false")
    register_canonical_functions(connection)
    return connection


def _combine_digests(digests: Iterable[str]) -> str:
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def _table_digest(table: Table, folder: Path) -> str:
    paths = (table.section.path, *(join.path for join in table.section.join))
    digests = [content_digest(path, folder) for path in paths]
    return digests[0] if len(digests) == 1 else _combine_digests(digests)


def _alias_digest(config: ShopConfig) -> list[str]:
    return [] if config.aliases is None else [content_digest(config.aliases.path, config.folder)]


def _view_opener(connection: duckdb.DuckDBPyConnection, config: ShopConfig, spill: Path) -> Opener:
    def open_view(
        view: str, path: str, *, sheet: str | None = None, encoding: str | None = None, columns: Sequence[str] = ()
    ) -> OpenedSource:
        named = tuple((column,) for column in columns)
        options = ReadOptions(spill=spill, sheet=sheet, encoding=encoding, columns=named)
        return create_raw_view(connection, view, path, config.folder, options)

    return open_view


def _check_table(selection: RowSelection, table: Table, spill: Path) -> CheckedTable:
    """Open and read a whole source; raise InvalidLog with one line per fault."""
    path, config = table.section.path, selection.config
    # The digest comes first, so that a log that grows while it is read counts as changed.
    source = _table_digest(table, config.folder)
    opened = open_source(selection.connection, table, config.folder, spill)
    with translate_read_errors(path):
        rows = selection.select(table, opened)
        rows = replace(rows, table=resolve_ids(selection.connection, rows.table, rows.column_types))
        values = check_values(selection.connection, rows.table, rows.column_types, opened.rejected, config.currency)
    return CheckedTable(opened, rows, values, source)


def _load_erased(
    connection: duckdb.DuckDBPyConnection, checked_tables: Sequence[CheckedTable], select_erased: ErasedSelector | None
) -> None:
    """Create the temporary table of erased customers, whose lines are left out; any spelling of an id erases them."""
    connection.execute("CREATE TEMP TABLE erased (customer_id VARCHAR)")
    for checked in checked_tables:
        if select_erased is not None and checked.table.name != "costs":
            for customer_id in select_erased_ids(connection, checked.table, select_erased):
                connection.execute("INSERT INTO erased VALUES (?)", [customer_id])
