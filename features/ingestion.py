"""From the raw log to the canonical history: check everything first, then write parquet in UTC microseconds."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from features.amounts import columns_of, number_sql
from features.canonical import Field, Read, Table, tables
from features.description import Description
from features.errors import BadLog
from features.rawlog import digest, open_raw

EXPECTED = {
    Read.TEXT: "text in every line",
    Read.INSTANT: "a date or time like 2026-01-31 or 2026-01-31 18:30:00; say how yours are written with date_format",
    Read.AMOUNT: "a plain number with a decimal point",
    Read.NUMBER: "a plain number with a decimal point, or nothing",
    Read.FLAG: "true or false",
}


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


def source_digest(description: Description) -> str:
    """sha256 over every source that the description names."""
    digests = [digest(table.section.path, description.folder) for table in tables(description)]
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def ingest(description: Description, folder: Path, say: Callable[[str], None] = lambda _: None) -> Manifest:
    """Check the whole raw log, then write it to ``folder``, one parquet file per table.

    Raises:
        BadLog: a column is missing, or values cannot be read; every fault at once, nothing written.
    """
    connection = duckdb.connect()
    connection.execute(f"SET TimeZone='{description.timezone}'")
    connection.execute("SET preserve_insertion_order=false")
    opened = []
    faults: list[str] = []
    for table in tables(description):
        say(f"checking {table.name} at {table.section.path}")
        columns = open_raw(connection, table.name, table.section.path, description.folder, table.section.has_header)
        missing = _missing(table, columns)
        faults += missing or _bad_values(connection, table, columns)
        opened.append((table, columns))
    if faults:
        raise BadLog("The log is not as flywheel.toml describes it:\n" + "\n".join(f"  - {fault}" for fault in faults))
    folder.mkdir(parents=True, exist_ok=True)
    intakes = []
    for table, columns in opened:
        say(f"writing {table.name}")
        intakes.append(_write(connection, table, columns, folder))
    manifest = Manifest(description.fingerprint, source_digest(description), tuple(intakes))
    replace_text(folder / "manifest.json", json.dumps(asdict(manifest), indent=1))
    return manifest


def read_manifest(folder: Path) -> Manifest | None:
    """What the history in ``folder`` was made from, or None where there is none."""
    path = folder / "manifest.json"
    if not path.is_file():
        return None
    said = json.loads(path.read_text())
    intakes = tuple(Intake(**{**intake, "columns": tuple(intake["columns"])}) for intake in said["intakes"])
    return Manifest(said["description"], said["source"], intakes)


def replace_text(path: Path, text: str) -> None:
    """Write a small file so that a reader sees the old or the new one, never half of it."""
    draft = path.with_suffix(path.suffix + ".tmp")
    with draft.open("w") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    os.replace(draft, path)


def _missing(table: Table, columns: Sequence[str]) -> list[str]:
    faults = []
    for field in table.present:
        source = str(field.source)
        wanted = columns_of(source, columns) if field.read in (Read.AMOUNT, Read.NUMBER) else [source]
        absent = [column for column in wanted if column not in columns]
        if absent:
            faults.append(
                f"[{table.name}] {field.name} = {source!r}: no column {', '.join(map(repr, absent))} in "
                f"{table.section.path!r}. Columns found: {', '.join(columns)}. Name one of these."
            )
    return faults


def _bad_values(connection: duckdb.DuckDBPyConnection, table: Table, columns: Sequence[str]) -> list[str]:
    kinds = _kinds(connection, table)
    checks = []
    for field in table.present:
        raw, bad = _shown(field, columns), _is_bad(table, field, columns, kinds)
        checks.append(f"count(*) FILTER (WHERE {bad}), any_value({raw}) FILTER (WHERE {bad})")
    row = connection.execute(
        f"SELECT count(*), {', '.join(checks)} FROM raw_{table.name} WHERE {_somebody(table, kinds)}"
    ).fetchone()
    assert row is not None
    total, *found = row
    return [
        f"[{table.name}] {field.name} = {field.source!r}: {bad:,} of {total:,} lines cannot be read, for example "
        f"{example!r}. Expected {EXPECTED[field.read]}."
        for field, bad, example in zip(table.present, found[::2], found[1::2], strict=True)
        if bad
    ]


def _kinds(connection: duckdb.DuckDBPyConnection, table: Table) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute(f"DESCRIBE raw_{table.name}").fetchall()}


def _shown(field: Field, columns: Sequence[str]) -> str:
    parts = columns_of(str(field.source), columns) if field.read in (Read.AMOUNT, Read.NUMBER) else [str(field.source)]
    return "concat_ws(' | ', " + ", ".join(f"coalesce(CAST({_name(part)} AS VARCHAR), '(empty)')" for part in parts) + ")"


def _is_bad(table: Table, field: Field, columns: Sequence[str], kinds: dict[str, str]) -> str:
    value = _value(table, field, columns, kinds)
    if field.name == "customer_id":
        return "false"
    if field.read is Read.AMOUNT or field.name in {"ordered_at", "happened_at", "sent_at", "changed_at", "day", "kind"}:
        return f"({value}) IS NULL"
    if field.read is Read.TEXT:
        return "false"
    parts = columns_of(str(field.source), columns) if field.read is Read.NUMBER else [str(field.source)]
    filled = " AND ".join(f"nullif(trim(CAST({_name(part)} AS VARCHAR)), '') IS NOT NULL" for part in parts)
    return f"({value}) IS NULL AND {filled}"


def _somebody(table: Table, kinds: dict[str, str]) -> str:
    if table.name == "costs":
        return "true"
    who = _text_value(str(table.fields[0].source), kinds)
    nobody = ", ".join(_quote(name) for name in getattr(table.section, "anonymous", ()))
    return f"({who}) IS NOT NULL" + (f" AND ({who}) NOT IN ({nobody})" if nobody else "")


def _value(table: Table, field: Field, columns: Sequence[str], kinds: dict[str, str]) -> str:
    source = str(field.source)
    match field.read:
        case Read.TEXT:
            return _text_value(source, kinds)
        case Read.INSTANT:
            return _instant(source, kinds[source], table.section.date_format)
        case Read.AMOUNT | Read.NUMBER:
            # Decimals add up to the same total in any order; floating point does not.
            return f"TRY_CAST(round({_finite(number_sql(source, columns))}, 4) AS DECIMAL(18, 4))"
        case Read.FLAG:
            return f"TRY_CAST({_name(source)} AS BOOLEAN)"


def _text_value(column: str, kinds: dict[str, str]) -> str:
    name = _name(column)
    text = f"CAST({name} AS VARCHAR)"
    if kinds[column] in {"DOUBLE", "FLOAT"}:
        # A whole-number id with gaps reaches parquet as floating point; its digits are what the shop knows.
        text = f"CASE WHEN {name} = trunc({name}) THEN CAST(CAST({name} AS HUGEINT) AS VARCHAR) ELSE {text} END"
    return f"CASE WHEN trim({text}) = '' THEN NULL ELSE {text} END"


def _instant(column: str, kind: str, date_format: str | None) -> str:
    if date_format is None or kind.startswith(("TIMESTAMP", "DATE")):
        return f"TRY_CAST({_name(column)} AS TIMESTAMPTZ)"
    return f"CAST(try_strptime(trim(CAST({_name(column)} AS VARCHAR)), {_quote(date_format)}) AS TIMESTAMPTZ)"


def _finite(number: str) -> str:
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def _write(connection: duckdb.DuckDBPyConnection, table: Table, columns: Sequence[str], folder: Path) -> Intake:
    kinds = _kinds(connection, table)
    raw, somebody = f"raw_{table.name}", _somebody(table, kinds)
    lines = _count(connection, f"SELECT count(*) FROM {raw}")
    duplicates = lines - _count(connection, f"SELECT count(*) FROM (SELECT DISTINCT * FROM {raw})")
    anonymous = lines - _count(connection, f"SELECT count(*) FROM {raw} WHERE {somebody}")
    rows = f"(SELECT DISTINCT * FROM {raw})" if getattr(table.section, "duplicates", "keep") == "drop" else raw
    values = ", ".join(f"{_value(table, field, columns, kinds)} AS {field.name}" for field in table.present)
    when = next(field.name for field in table.present if field.read is Read.INSTANT)
    target, draft = folder / f"{table.name}.parquet", folder / f"{table.name}.parquet.tmp"
    connection.execute(
        f"COPY (SELECT *, epoch_us({when}) AS at_us, "
        f"date_diff('day', DATE '1970-01-01', CAST({when} AS DATE))::INTEGER AS day_number "
        f"FROM (SELECT {values} FROM {rows} WHERE {somebody})) TO {_quote(str(draft))} (FORMAT parquet)"
    )
    os.replace(draft, target)
    who = "count(DISTINCT customer_id)" if table.name != "costs" else "0"
    kept, customers = connection.execute(f"SELECT count(*), {who} FROM read_parquet({_quote(str(target))})").fetchall()[0]
    return Intake(table.name, lines, anonymous, duplicates, kept, customers, tuple(field.name for field in table.present))


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(connection.execute(query).fetchall()[0][0])


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
