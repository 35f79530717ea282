"""The raw log as it lies there: csv, tsv, gz, parquet, a glob, or a table of an Ibis backend, opened in DuckDB."""

from __future__ import annotations

import csv
import glob
import gzip
import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pandas as pd

from features.errors import BadLog

SPACES = "whitespace"
_BACKEND = re.compile(r"^[a-z0-9+]+://.+#.+$")


def files(path: str, folder: Path) -> list[Path]:
    """The files that a description's path names, sorted.

    Raises:
        BadLog: nothing is there.
    """
    wanted = os.path.expandvars(os.path.expanduser(path))
    found = sorted(Path(name) for name in glob.glob(str(folder / wanted), recursive=True))
    if not found:
        raise BadLog(f"No file at {path!r} (looked in {folder}). Expected the log there: correct `path` in flywheel.toml.")
    return found


def digest(path: str, folder: Path) -> str:
    """sha256 of the bytes of the source; of the address alone for a backend's table, whose bytes are not ours to read."""
    if _BACKEND.match(path):
        return hashlib.sha256(path.encode()).hexdigest()
    digests = hashlib.sha256()
    for file in files(path, folder):
        with file.open("rb") as handle:
            digests.update(hashlib.file_digest(handle, "sha256").digest())
    return digests.hexdigest()


def open_raw(connection: duckdb.DuckDBPyConnection, name: str, path: str, folder: Path, has_header: bool) -> list[str]:
    """Create the DuckDB view ``raw_<name>`` over the source and return its columns.

    Raises:
        BadLog: the source is missing, empty, or of a kind that cannot be read.
    """
    view = f"raw_{name}"
    try:
        if _BACKEND.match(path):
            _open_backend(connection, view, path)
        else:
            _open_files(connection, view, files(path, folder), has_header)
        return [row[0] for row in connection.execute(f"DESCRIBE {view}").fetchall()]
    except (duckdb.Error, UnicodeDecodeError, pd.errors.ParserError, csv.Error) as error:
        reason = str(error).strip().splitlines()[0]
        raise BadLog(
            f"[{name}] {path!r} cannot be read: {reason}. Expected csv or tsv in UTF-8 (plain or .gz) or parquet: "
            "convert it, or correct `path`, `has_header`."
        ) from None


def _open_backend(connection: duckdb.DuckDBPyConnection, view: str, path: str) -> None:
    import ibis

    address, _, table = path.rpartition("#")
    connection.register(f"{view}_arrow", ibis.connect(address).table(table).to_pyarrow())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {view} AS SELECT * FROM {view}_arrow")


def _open_files(connection: duckdb.DuckDBPyConnection, view: str, found: Sequence[Path], has_header: bool) -> None:
    names = _list(found)
    if all(file.suffix in {".parquet", ".pq"} for file in found):
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT * FROM read_parquet({names}, union_by_name=true)")
        return
    first = _first_line(found[0])
    delimiter = _delimiter(first)
    if delimiter == SPACES:
        _open_spaced(connection, view, found, has_header)
        return
    columns = next(csv.reader([first], delimiter=delimiter))
    if not has_header:
        columns = [f"column{position}" for position in range(len(columns))]
    kinds = ", ".join(f"{_text(column)}: 'VARCHAR'" for column in _unique(columns))
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT * FROM read_csv({names}, delim={_text(delimiter)}, "
        f"header={str(has_header).lower()}, columns={{{kinds}}}, quote='\"', escape='\"', auto_detect=false, "
        "null_padding=false, strict_mode=true)"
    )


def _open_spaced(connection: duckdb.DuckDBPyConnection, view: str, found: Sequence[Path], has_header: bool) -> None:
    frames = [
        pd.read_csv(file, sep=r"\s+", dtype=str, header=0 if has_header else None, keep_default_na=False) for file in found
    ]
    frame = pd.concat(frames, ignore_index=True)
    if not has_header:
        frame.columns = pd.Index([f"column{position}" for position in range(frame.shape[1])])
    connection.register(f"{view}_frame", frame)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {view} AS SELECT * FROM {view}_frame")


def _first_line(file: Path) -> str:
    opener = gzip.open if file.suffix == ".gz" else open
    with opener(file, "rt", encoding="utf-8-sig", newline="") as lines:
        first = next((line for line in lines if line.strip()), "")
    if not first:
        raise BadLog(f"{file} is empty. Expected at least one line of the log: correct `path` in flywheel.toml.")
    return str(first).rstrip("\r\n")


def _delimiter(line: str) -> str:
    unquoted = re.sub(r'"[^"]*"', "", line)
    best = max(",;\t|", key=unquoted.count)
    if unquoted.count(best):
        return best
    return SPACES if len(unquoted.split()) > 1 and '"' not in line else ","


def _unique(columns: Sequence[str]) -> list[str]:
    seen: dict[str, int] = {}
    names = []
    for position, column in enumerate(columns):
        name = column.strip() or f"column{position}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return names


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _list(found: Sequence[Path]) -> str:
    return "[" + ", ".join(_text(str(file)) for file in found) + "]"
