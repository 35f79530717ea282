"""From the raw log to the canonical history: check everything first, then write parquet in UTC microseconds."""

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
    quote_literal,
    sample_sql,
    source_columns,
    unreadable_sql,
    value_sql,
)
from features.storage.atomic_files import atomic_write, replace_text

EXPECTED_FORMATS = {
    ParseAs.TEXT: "text in every line",
    ParseAs.INSTANT: "a date or time like 2026-01-31 or 2026-01-31 18:30:00; say how yours are written with date_format",
    ParseAs.AMOUNT: "a plain number with a decimal point",
    ParseAs.NUMBER: "a plain number with a decimal point, or nothing",
    ParseAs.FLAG: "true or false",
}

ErasedSelector = Callable[[Iterable[str]], Sequence[str]]


@dataclass(frozen=True)
class TableSummary:
    """What became of one table of the raw log, in lines."""

    table: str
    lines: int
    without_customer: int
    duplicates: int
    written: int
    customers: int
    columns: tuple[str, ...]


@dataclass(frozen=True)
class HistoryManifest:
    """What the history was made from."""

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
    """sha256 over every source that the description names."""
    return _combine_digests(content_digest(table.section.path, config.folder) for table in canonical_tables(config))


def ingest(
    config: ShopConfig,
    folder: Path,
    report: Callable[[str], None] = lambda _: None,
    select_erased: ErasedSelector | None = None,
) -> HistoryManifest:
    """Check the whole raw log, then write it to ``folder``, one parquet file per table.

    Lines of those whom ``select_erased`` names among the customers it is given are left out.

    Raises:
        InvalidLog: a column is missing, or values cannot be read; every fault at once, nothing written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    connection = _connect(config, folder)
    found, faults = [], []
    for table in canonical_tables(config):
        report(f"checking {table.name} at {table.section.path}")
        try:
            found.append(_check_table(connection, table, config.folder))
        except FlywheelError as wrong:
            faults += [f"  - [{table.name}] {sentence}" for sentence in str(wrong).splitlines()]
    if faults:
        raise InvalidLog("\n".join(["The log is not as flywheel.toml describes it:", *faults]))
    # Killed half way, the tables are of no log, and the manifest of an earlier one must not vouch for them.
    (folder / "manifest.json").unlink(missing_ok=True)
    intakes = []
    _load_erased(connection, found, select_erased)
    for checked in found:
        report(f"writing {checked.table.name}")
        intakes.append(_write_table(connection, checked, folder))
    for name in set(TABLE_NAMES) - {checked.table.name for checked in found}:
        (folder / f"{name}.parquet").unlink(missing_ok=True)
    manifest = HistoryManifest(
        config.fingerprint, _combine_digests(checked.source for checked in found), tuple(intakes)
    )
    replace_text(folder / "manifest.json", json.dumps(asdict(manifest), indent=1))
    return manifest


def read_manifest(folder: Path) -> HistoryManifest | None:
    """What the history in ``folder`` was made from, or None where there is none."""
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
    """Open and read all of a source; raises InvalidLog with one line per fault."""
    path = table.section.path
    # First, so that a log that grows while it is read is seen to have changed.
    source = content_digest(path, folder)
    kinds = _open_source(connection, table, folder)
    missing = [fault for field in table.present_fields if (fault := _missing_column(table, field, kinds))]
    if missing:
        raise InvalidLog("\n".join(missing))
    with translate_read_errors(path):
        lines, known, unread = _inspect_lines(connection, table, kinds)
        distinct = connection.execute(f"SELECT count(*) FROM (SELECT DISTINCT * FROM {table.raw_view})").fetchall()[0][
            0
        ]
    if unread:
        raise InvalidLog("\n".join(unread))
    return _CheckedTable(table, kinds, source, lines, lines - known, lines - distinct)


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
    """Make the table of who is to be left out."""
    connection.execute("CREATE TEMP TABLE forgotten (customer_id VARCHAR)")
    for checked in checked_tables:
        if select_erased is not None and checked.table.name != "costs":
            who = value_sql(checked.table, checked.table.fields[0], checked.column_types)
            known = connection.execute(f"SELECT DISTINCT {who} FROM {checked.table.raw_view} WHERE {who} IS NOT NULL")
            for one in select_erased(row[0] for row in known.fetchall()):
                connection.execute("INSERT INTO forgotten VALUES (?)", [one])


def _expected_format(field: Field, table: Table) -> str:
    said = table.section.date_format
    if field.parse_as is ParseAs.INSTANT and said is not None:
        return f"dates written as date_format says, {said!r}; correct it, with the codes of strptime"
    return EXPECTED_FORMATS[field.parse_as]


def _inspect_lines(
    connection: duckdb.DuckDBPyConnection, table: Table, column_types: ColumnTypes
) -> tuple[int, int, list[str]]:
    """How many lines there are, how many of them are somebody's, and what cannot be read in those."""
    who, checks = has_customer_sql(table, column_types), []
    for field in table.present_fields:
        bad = f"FILTER (WHERE {who} AND {unreadable_sql(table, field, column_types)})"
        checks.append(f"count(*) {bad}, max({sample_sql(field, column_types)}) {bad}")
    counts = f"SELECT count(*), count(*) FILTER (WHERE {who}), {', '.join(checks)} FROM {table.raw_view}"
    lines, known, *found = connection.execute(counts).fetchall()[0]
    return (
        lines,
        known,
        [
            f"{field.name} = {field.source!r}: {bad:,} of {known:,} lines cannot be read, for example {example!r}. "
            f"Expected {_expected_format(field, table)}."
            for field, bad, example in zip(table.present_fields, found[::2], found[1::2], strict=True)
            if bad
        ],
    )


def _missing_column(table: Table, field: Field, column_types: ColumnTypes) -> str:
    found = f"Columns found: {', '.join(column_types)}."
    try:
        absent = [column for column in source_columns(field, column_types) if column not in column_types]
    except InvalidConfig as wrong:
        return f"{field.name}: {wrong} {found}"
    if not absent:
        return ""
    names = ", ".join(map(repr, absent))
    return f"{field.name} = {field.source!r}: no column {names} in {table.section.path!r}. {found} Name one of these."


def _write_table(connection: duckdb.DuckDBPyConnection, checked: _CheckedTable, folder: Path) -> TableSummary:
    table, kinds = checked.table, checked.column_types
    drops = isinstance(table.section, OrdersSource) and table.section.duplicates == "drop"
    rows = f"(SELECT DISTINCT * FROM {table.raw_view})" if drops else table.raw_view
    values = ", ".join(f"{value_sql(table, field, kinds)} AS {field.name}" for field in table.present_fields)
    when = next(field.name for field in table.present_fields if field.parse_as is ParseAs.INSTANT)
    left = "" if table.name == "costs" else " ANTI JOIN forgotten USING (customer_id)"
    target = folder / f"{table.name}.parquet"
    with atomic_write(target) as temporary:
        connection.execute(
            f"COPY (SELECT *, epoch_us({when}) AS at_us, "
            f"date_diff('day', DATE '1970-01-01', CAST({when} AS DATE))::INTEGER AS day_number "
            f"FROM (SELECT {values} FROM {rows} WHERE {has_customer_sql(table, kinds)}){left}) "
            f"TO {quote_literal(str(temporary))} (FORMAT parquet)"
        )
    who = "count(DISTINCT customer_id)" if table.name != "costs" else "0"
    counts = f"SELECT count(*), {who} FROM read_parquet({quote_literal(str(target))})"
    kept, customers = connection.execute(counts).fetchall()[0]
    columns = tuple(field.name for field in table.present_fields)
    return TableSummary(
        table.name, checked.lines, checked.without_customer, checked.duplicates, kept, customers, columns
    )
