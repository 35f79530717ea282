"""Sibling files: files beside a table's own that have the columns it lacks, such as items beside orders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from features.errors import FlywheelError
from features.ingestion.canonical_schema import Table
from features.ingestion.file_union import FILE_COLUMN
from features.ingestion.rows.row_view import Opener

MAX_FILES = 40
_ENDINGS = {".csv", ".tsv", ".txt", ".gz", ".zst", ".zip", ".parquet", ".pq", ".xlsx", ".xls", ".jsonl", ".ndjson"}


def join_remedy(table: Table, folder: Path, open_view: Opener, columns: Sequence[str], absent: Sequence[str]) -> str:
    """A sentence that proposes to join the file that has the absent columns; empty where no file has them."""
    for file, names in _siblings(table, folder, open_view):
        shared = _shared_keys(table, columns, names)
        if shared and all(column in names for column in absent):
            has = ", ".join(map(repr, absent))
            return (
                f'{file} has {has}: add [[{table.name}.join]] with path = "{file}" and key = "{shared[0]}", or name '
                "one of these."
            )
    return ""


def _siblings(table: Table, folder: Path, open_view: Opener) -> Iterator[tuple[str, tuple[str, ...]]]:
    place = (folder / table.section.path).parent
    if "://" in table.section.path or not place.is_dir():
        return
    own = Path(table.section.path).name
    files = sorted(file for file in place.iterdir() if file.suffix.lower() in _ENDINGS and not file.match(own))
    for file in files[:MAX_FILES]:
        path = (Path(table.section.path).parent / file.name).as_posix()
        try:
            opened = open_view(f"{table.files_view}_sibling", path)
        except (FlywheelError, duckdb.Error, OSError):
            continue
        yield path, tuple(name for name in opened.column_types if name != FILE_COLUMN)


def _shared_keys(table: Table, columns: Sequence[str], names: Sequence[str]) -> list[str]:
    """Columns of both, those that look like ids first."""
    order_sources = {source for field in table.fields if field.name == "order_id" for source in field.sources}
    shared = [name for name in columns if name in names]
    return sorted(shared, key=lambda name: (name not in order_sources, not name.lower().rstrip("s").endswith("id")))
