"""The raw log as it lies there: csv, tsv, gz, parquet, a glob, or a table of an Ibis backend, opened in DuckDB."""

from __future__ import annotations

import csv
import glob
import hashlib
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa

from features.errors import BadLog
from features.ingestion.file_formats import Layout, layout
from features.ingestion.value_parsing import digits, name

_BACKEND = re.compile(r"^(?P<address>(?P<scheme>[a-z0-9+]+)://(?P<place>.*))#(?P<table>.+)$")
_LOCAL = {"duckdb", "sqlite"}


def files(path: str, folder: Path) -> list[Path]:
    """The files that a description's path names, sorted.

    Raises:
        BadLog: nothing is there.
    """
    wanted = _expanded(path)
    if (folder / wanted).is_file():
        return [folder / wanted]
    found = sorted(folder / one for one in glob.glob(wanted, root_dir=folder, recursive=True))  # noqa: PTH207 -- absolute ones too
    found = [one for one in found if one.is_file()]
    if not found:
        raise BadLog(f"No file at {path!r} (looked in {folder}). Expected the log there: move it, or correct `path`.")
    return found


def digest(path: str, folder: Path) -> str:
    """sha256 of what the source holds: of the files' bytes, or of the lines of a backend's table in whatever order."""
    if _BACKEND.match(path):
        connection = duckdb.connect()
        connection.register("lines", _backend_table(path, folder))
        held = connection.execute("SELECT count(*), sum(CAST(hash(lines) AS HUGEINT)) FROM lines").fetchall()
        return hashlib.sha256(repr((path, held)).encode()).hexdigest()
    digests = hashlib.sha256()
    for file in files(path, folder):
        with file.open("rb") as handle:
            digests.update(hashlib.file_digest(handle, "sha256").digest())
    return digests.hexdigest()


def open_raw(
    connection: duckdb.DuckDBPyConnection, view: str, path: str, folder: Path, *, has_header: bool
) -> dict[str, str]:
    """Create a DuckDB view over the source; its columns, those that all of its files have, and their types.

    Raises:
        BadLog: the source is missing, empty, or of a kind that cannot be read.
    """
    with reading(path):
        if _BACKEND.match(path):
            connection.register(f"{view}_arrow", _backend_table(path, folder))
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {view} AS SELECT * FROM {view}_arrow")
        else:
            _open_files(connection, view, files(path, folder), has_header=has_header)
        return {row[0]: row[1] for row in connection.execute(f"DESCRIBE {view}").fetchall()}


@contextmanager
def reading(path: str) -> Iterator[None]:
    """What goes wrong while a source is read, in the shop's words: DuckDB reads a file only when it is queried."""
    try:
        yield
    except (duckdb.Error, OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise BadLog(
            f"{path!r} cannot be read: {_reason(error)}. Expected csv or tsv in UTF-8 (plain or .gz), with as many "
            "values in every line, or parquet: mend or convert it, or correct `path`, `has_header`, `date_format`."
        ) from None


def _reason(error: Exception) -> str:
    said = str(error).strip() or type(error).__name__
    advice = re.search(r"\n\s*(Possible|\* |LINE \d)", said)
    file = re.search(r"\n\s*file = (.*)", said)
    told = said[: advice.start()] if advice else said
    where = f"{Path(file.group(1)).name}: " if file else ""
    told = re.sub(r"^[A-Za-z ]+ Error: ", "", told)
    return where + ", ".join(line.strip().rstrip(".") for line in told.splitlines() if line.strip())


def _expanded(text: str) -> str:
    return os.path.expandvars(Path(text).expanduser() if text.startswith("~") else text)


def _backend_table(path: str, folder: Path) -> pa.Table:
    said = _BACKEND.match(path)
    if said is None:
        raise ValueError(f"{path!r} names no table of a backend. Expected one like duckdb://shop.db#orders.")
    address, options = os.path.expandvars(said["address"]), {}
    if said["scheme"] in _LOCAL:
        file = files(said["place"], folder)[0]
        address, options = f"{said['scheme']}://{file}", {"read_only": True} if said["scheme"] == "duckdb" else {}
    try:
        backend = ibis.connect(address, **options)
        try:
            return backend.table(said["table"]).to_pyarrow()
        finally:
            backend.disconnect()
    except Exception as error:  # noqa: BLE001 -- every database's driver has errors of its own
        raise BadLog(
            f"{path!r} cannot be read: {type(error).__name__}, {_reason(error)}. Expected backend://address#table as "
            "Ibis connects to it: correct `path`, or install the backend's driver."
        ) from None


def _open_files(connection: duckdb.DuckDBPyConnection, view: str, found: Sequence[Path], *, has_header: bool) -> None:
    alike: dict[Layout, list[Path]] = {}
    for file in found:
        alike.setdefault(layout(connection, file, has_header=has_header), []).append(file)
    selects = [f"SELECT {_shared(one, list(alike))} FROM {one.scan(some)}" for one, some in alike.items()]
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {' UNION ALL '.join(selects)}")


def _shared(one: Layout, layouts: Sequence[Layout]) -> str:
    """The columns that all files have, as text where their types differ: 2**62 + 1 is no floating point number."""
    kinds = [dict(other.columns) for other in layouts]
    shared = [column for column, _ in layouts[0].columns if all(column in kind for kind in kinds)]
    differing = {column for column in shared if len({kind[column] for kind in kinds}) > 1}
    mine = dict(one.columns)
    named = [
        f"{digits(column, mine[column])} AS {name(column)}" if column in differing else name(column)
        for column in shared
    ]
    return ", ".join(named) or "NULL AS nothing"
