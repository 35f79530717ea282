"""Export files: opens the files that a person names, each sheet of a workbook by itself, and groups equal ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from features.errors import InvalidLog
from features.ingestion.files.read_options import ReadOptions
from features.ingestion.raw_tables import create_raw_view, translate_read_errors
from features.storage.sql_quoting import quote_identifier
from pipelines.init.column_names import normalize_name
from pipelines.init.path_pattern import path_text
from pipelines.init.raw_export import FILE_COLUMN, RawExport, sample_lines

_DATA = re.compile(r"[-+]?[\d.,:/ ]*\d[\d.,:/ ]*")  # a number or a date, which no column is called


@dataclass(frozen=True)
class ExportReader:
    """Opens exports as views of one DuckDB connection; ``folder`` is that of flywheel.toml."""

    connection: duckdb.DuckDBPyConnection
    folder: Path
    spill: Path  # an existing folder for unpacked copies

    def open_all(self, files: Sequence[Path]) -> list[RawExport]:
        """The tables of all files; files with the same columns are one table, and one glob names them.

        Raises:
            InvalidLog: a file is missing, empty or unreadable, or no glob names files with the same columns.
        """
        exports = [self._open([file], f"raw_{number}") for number, file in enumerate(files)]
        groups: dict[object, list[RawExport]] = {}
        for export in exports:
            groups.setdefault((export.has_header, tuple(sorted(export.columns))), []).append(export)
        return [
            group[0] if len(group) == 1 else self._open([each.files[0] for each in group], f"{group[0].view}_all")
            for group in groups.values()
        ]

    def _open(self, files: Sequence[Path], view: str) -> RawExport:
        for file in files:
            if not file.is_file():
                raise InvalidLog(f"No file at {str(file)!r}. Expected an export of orders: name the file that you saved.")
        export = self._read(files, view, has_header=True)
        if _is_data(export.columns):
            export = self._read(files, view, has_header=False)
        if not export.lines:
            raise InvalidLog(f"{export.title} has column names and no lines. Expected one line per order or item: export again.")
        return export

    def _read(self, files: Sequence[Path], view: str, *, has_header: bool) -> RawExport:
        path = path_text(files, self.folder)
        options = ReadOptions(spill=self.spill, has_header=has_header)
        opened = create_raw_view(self.connection, view, path, self.folder, options)
        types = {column: kind for column, kind in opened.column_types.items() if column != FILE_COLUMN}
        with translate_read_errors(path):
            lines, sample = sample_lines(self.connection, view, types)
        return RawExport(tuple(files), view, types, lines, sample, has_header)


def join_exports(
    connection: duckdb.DuckDBPyConnection, base: RawExport, other: RawExport, keys: Sequence[tuple[str, str]]
) -> RawExport:
    """The lines of an export with the columns of another one beside them; a column of both is the first one's."""
    added = {column: kind for column, kind in other.column_types.items() if column not in base.column_types}
    condition = " AND ".join(
        f"CAST(base.{quote_identifier(left)} AS VARCHAR) = CAST(other.{quote_identifier(right)} AS VARCHAR)"
        for left, right in keys
    )
    view = f"{base.view}_{other.view}"
    columns = ", ".join(["base.*", *(f"other.{quote_identifier(column)}" for column in added)])
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT {columns} FROM {base.view} AS base "  # noqa: S608 -- quoted columns
        f"LEFT JOIN {other.view} AS other ON {condition}"
    )
    types = {**base.column_types, **added}
    lines, sample = sample_lines(connection, view, types)
    return replace(base, view=view, column_types=types, lines=lines, sample=sample)


def _is_data(columns: Sequence[str]) -> bool:
    """Whether the first line has values instead of names: numbers and dates only."""
    names = [column for column in columns if normalize_name(column)]
    return len(names) > 1 and all(_DATA.fullmatch(re.sub(r"_\d+$", "", name)) for name in names)
