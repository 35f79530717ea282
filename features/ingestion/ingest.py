"""Ingestion: check the whole raw log, then write it as the canonical history in parquet, in UTC microseconds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from features.config.shop import ShopConfig
from features.config.sources import ConsentsSource, OrdersSource
from features.consents.formats import parse_files
from features.errors import FlywheelError, InvalidConfig, InvalidLog
from features.ingestion.canonical_schema import TABLE_NAMES, Field, ParseAs, Table, canonical_tables
from features.ingestion.raw_tables import content_digest, create_raw_view, source_files, translate_read_errors
from features.ingestion.value_parsing import (
    ColumnTypes,
    has_customer_sql,
    sample_sql,
    source_columns,
    unreadable_sql,
    value_sql,
)
from features.storage.atomic_files import atomic_write, replace_text
from features.storage.sql_quoting import quote_literal

EXPECTED_FORMATS = {
    ParseAs.TEXT: "text in every line",
    ParseAs.INSTANT: "a date or time like 2026-01-31 or 2026-01-31 18:30:00; set date_format for another format",
    ParseAs.AMOUNT: "a plain number with a decimal point",
    ParseAs.NUMBER: "a plain number with a decimal point, or nothing",
    ParseAs.FLAG: "true or false",
}

ErasedSelector = Callable[[Iterable[str]], Sequence[str]]


@dataclass(frozen=True)
class TableSummary:
    """Line counts of one ingested table."""

    table: str
    lines: int
    without_customer: int
    duplicates: int
    written: int
    customers: int
    columns: tuple[str, ...]


@dataclass(frozen=True)
class HistoryManifest:
    """The digests of the configuration and the source of a history, and a summary per table."""

    config: str
    source: str
    tables: tuple[TableSummary, ...]


@dataclass(frozen=True)
class _CheckedTable:
    table: Table
    column_types: ColumnTypes
    source: str
    lines: int
    without_customer: int
    duplicates: int


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
    connection = _connect(config, folder)
    checked_tables, faults = [], []
    for table in canonical_tables(config):
        report(f"checking {table.name} at {table.section.path}")
        try:
            checked_tables.append(_check_table(connection, table, config.folder))
        except FlywheelError as error:
            faults += [f"  - [{table.name}] {sentence}" for sentence in str(error).splitlines()]
    if faults:
        raise InvalidLog("\n".join(["The log is not as flywheel.toml describes it:", *faults]))
    # After a kill half way the tables are incomplete, and an older manifest would mark them as complete.
    (folder / "manifest.json").unlink(missing_ok=True)
    summaries = []
    _load_erased(connection, checked_tables, select_erased)
    for checked in checked_tables:
        report(f"writing {checked.table.name}")
        summaries.append(write_table(connection, checked, folder))
    for name in set(TABLE_NAMES) - {checked.table.name for checked in checked_tables}:
        (folder / f"{name}.parquet").unlink(missing_ok=True)
    manifest = HistoryManifest(
        config.fingerprint, _combine_digests(checked.source for checked in checked_tables), tuple(summaries)
    )
    replace_text(folder / "manifest.json", json.dumps(asdict(manifest), indent=1))
    return manifest


def read_manifest(folder: Path) -> HistoryManifest | None:
    """The manifest of the history in ``folder``, or None where the folder has no history."""
    path = folder / "manifest.json"
    if not path.is_file():
        return None
    payload = json.loads(path.read_text(encoding="utf-8"))
    tables = tuple(TableSummary(**{**table, "columns": tuple(table["columns"])}) for table in payload["tables"])
    return HistoryManifest(payload["config"], payload["source"], tables)


def _connect(config: ShopConfig, folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"SET TimeZone={quote_literal(config.timezone)}")
    connection.execute(f"SET temp_directory={quote_literal(str(folder / 'spill'))}")
    connection.execute("SET preserve_insertion_order=false")
    return connection


def _combine_digests(digests: Iterable[str]) -> str:
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def _check_table(connection: duckdb.DuckDBPyConnection, table: Table, folder: Path) -> _CheckedTable:
    """Open and read a whole source; raise InvalidLog with one line per fault."""
    path = table.section.path
    # The digest comes first, so that a log that grows while it is read counts as changed.
    source = content_digest(path, folder)
    column_types = _open_source(connection, table, folder)
    missing = [fault for field in table.present_fields if (fault := _missing_column(table, field, column_types))]
    if missing:
        raise InvalidLog("\n".join(missing))
    with translate_read_errors(path):
        lines, known, unreadable = _inspect_lines(connection, table, column_types)
        distinct = connection.execute(f"SELECT count(*) FROM (SELECT DISTINCT * FROM {table.raw_view})").fetchall()[0][
            0
        ]
    if unreadable:
        raise InvalidLog("\n".join(unreadable))
    return _CheckedTable(table, column_types, source, lines, lines - known, lines - distinct)


def _open_source(connection: duckdb.DuckDBPyConnection, table: Table, folder: Path) -> dict[str, str]:
    """The raw columns of a source and their types."""
    section = table.section
    if not isinstance(section, ConsentsSource) or section.format == "table":
        return create_raw_view(connection, table.raw_view, section.path, folder, has_header=section.has_header)
    with translate_read_errors(section.path):
        lines = parse_files(source_files(section.path, folder), section.format, list(section.purposes))
    connection.register(table.raw_view, lines)
    return dict.fromkeys(lines.column_names, "VARCHAR")


def _load_erased(
    connection: duckdb.DuckDBPyConnection, checked_tables: Sequence[_CheckedTable], select_erased: ErasedSelector | None
) -> None:
    """Create the temporary table of erased customers, whose lines are left out."""
    connection.execute("CREATE TEMP TABLE erased (customer_id VARCHAR)")
    for checked in checked_tables:
        if select_erased is not None and checked.table.name != "costs":
            customer = value_sql(checked.table, checked.table.fields[0], checked.column_types)
            customers = f"SELECT DISTINCT {customer} FROM {checked.table.raw_view} WHERE {customer} IS NOT NULL"
            for customer_id in select_erased(row[0] for row in connection.execute(customers).fetchall()):
                connection.execute("INSERT INTO erased VALUES (?)", [customer_id])


def _expected_format(field: Field, table: Table) -> str:
    date_format = table.section.date_format
    if field.parse_as is ParseAs.INSTANT and date_format is not None:
        return f"dates in the format of date_format, {date_format!r}; correct it, with the codes of strptime"
    return EXPECTED_FORMATS[field.parse_as]


def _inspect_lines(
    connection: duckdb.DuckDBPyConnection, table: Table, column_types: ColumnTypes
) -> tuple[int, int, list[str]]:
    """The number of lines, the number of lines with a customer, and a sentence per field with unreadable values."""
    has_customer, checks = has_customer_sql(table, column_types), []
    for field in table.present_fields:
        unreadable = f"FILTER (WHERE {has_customer} AND {unreadable_sql(table, field, column_types)})"
        checks.append(f"count(*) {unreadable}, max({sample_sql(field, column_types)}) {unreadable}")
    counts = f"SELECT count(*), count(*) FILTER (WHERE {has_customer}), {', '.join(checks)} FROM {table.raw_view}"
    lines, known, *results = connection.execute(counts).fetchall()[0]
    return (
        lines,
        known,
        [
            f"{field.name} = {field.source!r}: {count:,} of {known:,} lines cannot be read, for example {example!r}. "
            f"Expected {_expected_format(field, table)}."
            for field, count, example in zip(table.present_fields, results[::2], results[1::2], strict=True)
            if count
        ],
    )


def _missing_column(table: Table, field: Field, column_types: ColumnTypes) -> str:
    available = f"Columns found: {', '.join(column_types)}."
    try:
        absent = [column for column in source_columns(field, column_types) if column not in column_types]
    except InvalidConfig as error:
        return f"{field.name}: {error} {available}"
    if not absent:
        return ""
    names = ", ".join(map(repr, absent))
    return (
        f"{field.name} = {field.source!r}: no column {names} in {table.section.path!r}. {available} Name one of these."
    )


def write_table(connection: duckdb.DuckDBPyConnection, checked: _CheckedTable, folder: Path) -> TableSummary:
    """Write one table of the history, sorted and complete; the old file stays until the new one is whole."""
    table, column_types = checked.table, checked.column_types
    drops_duplicates = isinstance(table.section, OrdersSource) and table.section.duplicates == "drop"
    rows = f"(SELECT DISTINCT * FROM {table.raw_view})" if drops_duplicates else table.raw_view
    values = ", ".join(f"{value_sql(table, field, column_types)} AS {field.name}" for field in table.present_fields)
    instant = next(field.name for field in table.present_fields if field.parse_as is ParseAs.INSTANT)
    anti_join = "" if table.name == "costs" else " ANTI JOIN erased USING (customer_id)"
    target = folder / f"{table.name}.parquet"
    with atomic_write(target) as temporary:
        connection.execute(
            f"COPY (SELECT *, epoch_us({instant}) AS at_us, "
            f"date_diff('day', DATE '1970-01-01', CAST({instant} AS DATE))::INTEGER AS day_number "
            f"FROM (SELECT {values} FROM {rows} WHERE {has_customer_sql(table, column_types)}){anti_join}) "
            f"TO {quote_literal(str(temporary))} (FORMAT parquet)"
        )
    customer_count = "count(DISTINCT customer_id)" if table.name != "costs" else "0"
    counts = f"SELECT count(*), {customer_count} FROM read_parquet({quote_literal(str(target))})"
    written, customers = connection.execute(counts).fetchall()[0]
    columns = tuple(field.name for field in table.present_fields)
    return TableSummary(
        table.name, checked.lines, checked.without_customer, checked.duplicates, written, customers, columns
    )
