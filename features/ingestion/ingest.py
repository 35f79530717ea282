"""Ingestion: check the whole raw log, then write it as the canonical history in parquet, in UTC microseconds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import duckdb

from features.config.shop import ShopConfig
from features.errors import FlywheelError, InvalidLog
from features.ingestion.canonical_schema import TABLE_NAMES, Table, canonical_tables
from features.ingestion.files.spill import spill_folder
from features.ingestion.format_detection import present_sources
from features.ingestion.line_checks import missing_column
from features.ingestion.manifest import MANIFEST_FILE, HistoryManifest
from features.ingestion.raw_tables import content_digest, translate_read_errors
from features.ingestion.rejected_file import write_rejected_lines
from features.ingestion.source_view import open_source
from features.ingestion.table_writer import CheckedTable, write_table
from features.ingestion.value_checks import check_values
from features.ingestion.value_parsing import value_sql
from features.plausibility_note import PlausibilityNote
from features.storage.sql_quoting import quote_literal

ErasedSelector = Callable[[Iterable[str]], Sequence[str]]


def source_digest(config: ShopConfig) -> str:
    """sha256 over every source that the configuration names."""
    return _combine_digests(content_digest(table.section.path, config.folder) for table in canonical_tables(config))


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
    with spill_folder(folder) as spill:
        return _ingest_tables(config, folder, spill, report, select_erased)


def _ingest_tables(
    config: ShopConfig,
    folder: Path,
    spill: Path,
    report: Callable[[str], None],
    select_erased: ErasedSelector | None,
) -> HistoryManifest:
    connection = _connect(config, folder)
    checked_tables, faults = [], []
    notes: list[PlausibilityNote] = []
    for table in canonical_tables(config):
        report(f"checking {table.name} at {table.section.path}")
        try:
            checked_tables.append(_check_table(connection, table, config, spill))
            notes += [*checked_tables[-1].opened.notes, *checked_tables[-1].values.notes]
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
        summaries.append(write_table(connection, checked, folder))
    for name in set(TABLE_NAMES) - {checked.table.name for checked in checked_tables}:
        (folder / f"{name}.parquet").unlink(missing_ok=True)
    rejected = {checked.table.name: checked.values.rejected for checked in checked_tables}
    write_rejected_lines(folder, rejected, select_erased)
    manifest = HistoryManifest(
        config.fingerprint,
        _combine_digests(checked.source for checked in checked_tables),
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
    return connection


def _combine_digests(digests: Iterable[str]) -> str:
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def _check_table(connection: duckdb.DuckDBPyConnection, table: Table, config: ShopConfig, spill: Path) -> CheckedTable:
    """Open and read a whole source; raise InvalidLog with one line per fault."""
    path = table.section.path
    # The digest comes first, so that a log that grows while it is read counts as changed.
    source = content_digest(path, config.folder)
    opened = open_source(connection, table, config.folder, spill)
    column_types = opened.column_types
    table = present_sources(table, column_types)
    missing = [fault for field in table.present_fields if (fault := missing_column(table, field, column_types))]
    if missing:
        raise InvalidLog("\n".join(missing))
    with translate_read_errors(path):
        values = check_values(connection, table, column_types, opened.rejected, config.currency)
        distinct = connection.execute(f"SELECT count(*) FROM (SELECT DISTINCT * FROM {table.raw_view})").fetchall()[0][
            0
        ]
    return CheckedTable(opened, values, source, values.lines - len(opened.rejected) - distinct)


def _load_erased(
    connection: duckdb.DuckDBPyConnection, checked_tables: Sequence[CheckedTable], select_erased: ErasedSelector | None
) -> None:
    """Create the temporary table of erased customers, whose lines are left out."""
    connection.execute("CREATE TEMP TABLE erased (customer_id VARCHAR)")
    for checked in checked_tables:
        if select_erased is not None and checked.table.name != "costs":
            customer = value_sql(checked.table, checked.table.fields[0], checked.opened.column_types)
            customers = f"SELECT DISTINCT {customer} FROM {checked.table.raw_view} WHERE {customer} IS NOT NULL"
            for customer_id in select_erased(row[0] for row in connection.execute(customers).fetchall()):
                connection.execute("INSERT INTO erased VALUES (?)", [customer_id])
