"""From the raw log to the canonical history: check everything first, then write parquet in UTC microseconds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from features.config.shop import Description
from features.config.sources import Consents, Orders
from features.consents.formats import flattened
from features.errors import BadDescription, BadLog, FlywheelError
from features.ingestion.canonical_schema import NAMES, Field, Read, Table, tables
from features.ingestion.raw_tables import digest, files, open_raw, reading
from features.ingestion.value_parsing import Kinds, literal, read_columns, shown, somebody, unreadable, value
from features.storage.atomic_files import atomic_write, replace_text

EXPECTED = {
    Read.TEXT: "text in every line",
    Read.INSTANT: "a date or time like 2026-01-31 or 2026-01-31 18:30:00; say how yours are written with date_format",
    Read.AMOUNT: "a plain number with a decimal point",
    Read.NUMBER: "a plain number with a decimal point, or nothing",
    Read.FLAG: "true or false",
}

Forgotten = Callable[[Iterable[str]], Sequence[str]]


@dataclass(frozen=True)
class Intake:
    """What became of one table of the raw log, in lines."""

    table: str
    lines: int
    without_customer: int
    duplicates: int
    kept: int
    customers: int
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Manifest:
    """What the history was made from."""

    description: str
    source: str
    intakes: tuple[Intake, ...]


@dataclass(frozen=True)
class _Checked:
    table: Table
    kinds: Kinds
    source: str
    lines: int
    without_customer: int
    duplicates: int


def source_digest(description: Description) -> str:
    """sha256 over every source that the description names."""
    return _together(digest(table.section.path, description.folder) for table in tables(description))


def ingest(
    description: Description,
    folder: Path,
    say: Callable[[str], None] = lambda _: None,
    forgotten: Forgotten | None = None,
) -> Manifest:
    """Check the whole raw log, then write it to ``folder``, one parquet file per table.

    Lines of those whom ``forgotten`` names among the customers it is given are left out.

    Raises:
        BadLog: a column is missing, or values cannot be read; every fault at once, nothing written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    connection = _connection(description, folder)
    found, faults = [], []
    for table in tables(description):
        say(f"checking {table.name} at {table.section.path}")
        try:
            found.append(_check(connection, table, description.folder))
        except FlywheelError as wrong:
            faults += [f"  - [{table.name}] {sentence}" for sentence in str(wrong).splitlines()]
    if faults:
        raise BadLog("\n".join(["The log is not as flywheel.toml describes it:", *faults]))
    # Killed half way, the tables are of no log, and the manifest of an earlier one must not vouch for them.
    (folder / "manifest.json").unlink(missing_ok=True)
    intakes = []
    _leave_out(connection, found, forgotten)
    for checked in found:
        say(f"writing {checked.table.name}")
        intakes.append(_write(connection, checked, folder))
    for name in set(NAMES) - {checked.table.name for checked in found}:
        (folder / f"{name}.parquet").unlink(missing_ok=True)
    manifest = Manifest(description.fingerprint, _together(checked.source for checked in found), tuple(intakes))
    replace_text(folder / "manifest.json", json.dumps(asdict(manifest), indent=1))
    return manifest


def read_manifest(folder: Path) -> Manifest | None:
    """What the history in ``folder`` was made from, or None where there is none."""
    path = folder / "manifest.json"
    if not path.is_file():
        return None
    said = json.loads(path.read_text(encoding="utf-8"))
    intakes = tuple(Intake(**{**intake, "columns": tuple(intake["columns"])}) for intake in said["intakes"])
    return Manifest(said["description"], said["source"], intakes)


def _connection(description: Description, folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"SET TimeZone={literal(description.timezone)}")
    connection.execute(f"SET temp_directory={literal(str(folder / 'spill'))}")
    connection.execute("SET preserve_insertion_order=false")
    return connection


def _together(digests: Iterable[str]) -> str:
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def _check(connection: duckdb.DuckDBPyConnection, table: Table, folder: Path) -> _Checked:
    """Open and read all of a source; raises BadLog with one line per fault."""
    path = table.section.path
    # First, so that a log that grows while it is read is seen to have changed.
    source = digest(path, folder)
    kinds = _open(connection, table, folder)
    missing = [fault for field in table.present if (fault := _missing(table, field, kinds))]
    if missing:
        raise BadLog("\n".join(missing))
    with reading(path):
        lines, known, unread = _survey(connection, table, kinds)
        distinct = connection.execute(f"SELECT count(*) FROM (SELECT DISTINCT * FROM {table.raw})").fetchall()[0][0]
    if unread:
        raise BadLog("\n".join(unread))
    return _Checked(table, kinds, source, lines, lines - known, lines - distinct)


def _open(connection: duckdb.DuckDBPyConnection, table: Table, folder: Path) -> dict[str, str]:
    """The raw columns of a source and their types."""
    section = table.section
    if not isinstance(section, Consents) or section.format == "table":
        return open_raw(connection, table.raw, section.path, folder, has_header=section.has_header)
    with reading(section.path):
        lines = flattened(files(section.path, folder), section.format, list(section.purposes))
    connection.register(table.raw, lines)
    return dict.fromkeys(lines.column_names, "VARCHAR")


def _leave_out(connection: duckdb.DuckDBPyConnection, found: Sequence[_Checked], forgotten: Forgotten | None) -> None:
    """Make the table of who is to be left out."""
    connection.execute("CREATE TEMP TABLE forgotten (customer_id VARCHAR)")
    for checked in found:
        if forgotten is not None and checked.table.name != "costs":
            who = value(checked.table, checked.table.fields[0], checked.kinds)
            known = connection.execute(f"SELECT DISTINCT {who} FROM {checked.table.raw} WHERE {who} IS NOT NULL")
            for one in forgotten(row[0] for row in known.fetchall()):
                connection.execute("INSERT INTO forgotten VALUES (?)", [one])


def _expected(field: Field, table: Table) -> str:
    said = table.section.date_format
    if field.read is Read.INSTANT and said is not None:
        return f"dates written as date_format says, {said!r}; correct it, with the codes of strptime"
    return EXPECTED[field.read]


def _survey(connection: duckdb.DuckDBPyConnection, table: Table, kinds: Kinds) -> tuple[int, int, list[str]]:
    """How many lines there are, how many of them are somebody's, and what cannot be read in those."""
    who, checks = somebody(table, kinds), []
    for field in table.present:
        bad = f"FILTER (WHERE {who} AND {unreadable(table, field, kinds)})"
        checks.append(f"count(*) {bad}, max({shown(field, kinds)}) {bad}")
    counts = f"SELECT count(*), count(*) FILTER (WHERE {who}), {', '.join(checks)} FROM {table.raw}"
    lines, known, *found = connection.execute(counts).fetchall()[0]
    return (
        lines,
        known,
        [
            f"{field.name} = {field.source!r}: {bad:,} of {known:,} lines cannot be read, for example {example!r}. "
            f"Expected {_expected(field, table)}."
            for field, bad, example in zip(table.present, found[::2], found[1::2], strict=True)
            if bad
        ],
    )


def _missing(table: Table, field: Field, kinds: Kinds) -> str:
    found = f"Columns found: {', '.join(kinds)}."
    try:
        absent = [column for column in read_columns(field, kinds) if column not in kinds]
    except BadDescription as wrong:
        return f"{field.name}: {wrong} {found}"
    if not absent:
        return ""
    names = ", ".join(map(repr, absent))
    return f"{field.name} = {field.source!r}: no column {names} in {table.section.path!r}. {found} Name one of these."


def _write(connection: duckdb.DuckDBPyConnection, checked: _Checked, folder: Path) -> Intake:
    table, kinds = checked.table, checked.kinds
    drops = isinstance(table.section, Orders) and table.section.duplicates == "drop"
    rows = f"(SELECT DISTINCT * FROM {table.raw})" if drops else table.raw
    values = ", ".join(f"{value(table, field, kinds)} AS {field.name}" for field in table.present)
    when = next(field.name for field in table.present if field.read is Read.INSTANT)
    left = "" if table.name == "costs" else " ANTI JOIN forgotten USING (customer_id)"
    target = folder / f"{table.name}.parquet"
    with atomic_write(target) as temporary:
        connection.execute(
            f"COPY (SELECT *, epoch_us({when}) AS at_us, "
            f"date_diff('day', DATE '1970-01-01', CAST({when} AS DATE))::INTEGER AS day_number "
            f"FROM (SELECT {values} FROM {rows} WHERE {somebody(table, kinds)}){left}) "
            f"TO {literal(str(temporary))} (FORMAT parquet)"
        )
    who = "count(DISTINCT customer_id)" if table.name != "costs" else "0"
    counts = f"SELECT count(*), {who} FROM read_parquet({literal(str(target))})"
    kept, customers = connection.execute(counts).fetchall()[0]
    columns = tuple(field.name for field in table.present)
    return Intake(table.name, checked.lines, checked.without_customer, checked.duplicates, kept, customers, columns)
