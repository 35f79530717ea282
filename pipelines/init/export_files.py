"""Export files: opens the files that a person names, each sheet of a workbook by itself, and groups equal ones."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
from python_calamine import CalamineWorkbook

from features.errors import InvalidLog
from features.ingestion.files.container import Container, detect_container
from features.ingestion.files.read_options import ReadOptions
from features.ingestion.files.text_encoding import detect_encoding
from features.ingestion.files.total_rows import is_total
from features.ingestion.raw_tables import create_raw_view, translate_read_errors
from features.storage.sql_quoting import quote_identifier
from pipelines.init.column_names import normalize_name
from pipelines.init.path_pattern import path_text
from pipelines.init.raw_export import RawExport, sample_lines

MIN_FILL = 0.8  # of the lines, in a column by which a total row is known
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
        exports: list[RawExport] = []
        for file in dict.fromkeys(files):
            exports += self._open_file(file, f"raw_{len(exports)}")
        groups: dict[object, list[RawExport]] = {}
        for export in exports:
            groups.setdefault((export.has_header, export.sheet, tuple(sorted(export.columns))), []).append(export)
        return [
            group[0]
            if len(group) == 1
            else self._read([each.files[0] for each in group], f"{group[0].view}_all", group[0])
            for group in groups.values()
        ]

    def _open_file(self, file: Path, view: str) -> list[RawExport]:
        """The table of a file, or of each sheet with a table."""
        if not file.is_file():
            raise InvalidLog(f"No file at {str(file)!r}. Expected an export of orders: name the file that you saved.")
        container = detect_container(file)
        if container is Container.WORKBOOK and len(sheets := _filled_sheets(file)) > 1:
            exports = [self._open(file, f"{view}_{number}", sheet) for number, sheet in enumerate(sheets)]
            return [export for export in exports if export.lines]
        encoding = detect_encoding(file, None) if container is Container.TEXT else None
        codec = encoding.codec if encoding and encoding.guessed and not encoding.is_utf8 else None
        export = replace(self._open(file, view, None), encoding=codec)
        if not export.lines:
            raise InvalidLog(
                f"{file.name} has column names and no lines. Expected one line per order or item: export it again."
            )
        return [export]

    def _open(self, file: Path, view: str, sheet: str | None) -> RawExport:
        export = self._read([file], view, RawExport((file,), view, {}, 0, {}, sheet=sheet))
        if not _is_data(export.columns):
            return export
        return self._read([file], view, replace(export, has_header=False))

    def _read(self, files: Sequence[Path], view: str, like: RawExport) -> RawExport:
        path = path_text(files, self.folder)
        options = ReadOptions(self.spill, has_header=like.has_header, sheet=like.sheet, encoding=like.encoding)
        types, lines, sample = self._sample(path, view, options)
        if any(map(is_total, zip(*sample.values(), strict=True))):
            identifying = tuple((column,) for column in _well_filled(sample))
            types, lines, sample = self._sample(path, view, replace(options, identifying=identifying))
        return replace(like, files=tuple(files), view=view, column_types=types, lines=lines, sample=sample)

    def _sample(
        self, path: str, view: str, options: ReadOptions
    ) -> tuple[dict[str, str], int, dict[str, tuple[str, ...]]]:
        """The types of the columns, the number of lines, and texts of some lines by column."""
        opened = create_raw_view(self.connection, view, path, self.folder, options)
        types = _own_columns(opened.column_types)
        with translate_read_errors(path):
            return types, *sample_lines(self.connection, view, types)


def _well_filled(sample: Mapping[str, Sequence[str]]) -> list[str]:
    """The columns that a total row lacks, as it is no line of the log: those that most lines fill."""
    return [column for column, texts in sample.items() if sum(map(bool, texts)) >= MIN_FILL * len(texts)]


def _own_columns(column_types: Mapping[str, str]) -> dict[str, str]:
    """The columns of the files, without those of ingestion, and of two spellings of a name only the first."""
    spellings: dict[str, str] = {}
    for column in column_types:
        if not column.startswith("__"):
            spellings.setdefault(column.casefold(), column)
    return {column: column_types[column] for column in spellings.values()}


def _filled_sheets(file: Path) -> list[str]:
    """The sheets of a workbook that have rows below a header."""
    workbook = CalamineWorkbook.from_path(str(file))
    return [name for name in workbook.sheet_names if workbook.get_sheet_by_name(name).height > 1]


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
        f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT {columns} FROM {base.view} AS base "
        f"LEFT JOIN {other.view} AS other ON {condition}"
    )
    types = {**base.column_types, **added}
    lines, sample = sample_lines(connection, view, types)
    return replace(base, view=view, column_types=types, lines=lines, sample=sample)


def _is_data(columns: Sequence[str]) -> bool:
    """Whether the first line has values instead of names: numbers and dates only."""
    names = [column for column in columns if normalize_name(column)]
    return len(names) > 1 and all(_DATA.fullmatch(re.sub(r"_\d+$", "", name)) for name in names)
