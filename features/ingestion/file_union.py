"""File union: the lines of several raw files as one table, by the names of their columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from features.ingestion.raw_text import column_text_sql
from features.storage.sql_quoting import quote_identifier, quote_literal

FILE_COLUMN = "__file"  # of a table with several files: the label of the line's file


@dataclass(frozen=True)
class RawFile:
    """One raw file: its label in messages, its columns and the SQL of a FROM clause that reads it."""

    label: str
    columns: tuple[tuple[str, str], ...]  # name and DuckDB type
    scan: str

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(name for name, _ in self.columns)


def file_labels(files: Sequence[Path]) -> list[str]:
    """The names of the files, with as much of their folders as tells them apart."""
    depth = 1
    while True:
        labels = [Path(*file.parts[-depth:]).as_posix() for file in files]
        if len(set(labels)) == len(files) or depth >= max(len(file.parts) for file in files):
            return labels
        depth += 1


def union_sql(files: Sequence[RawFile]) -> str:
    """SQL of the lines of all files; several files get a column with the file's label.

    A column that a file lacks is null in its lines. Columns of different types become text, which keeps every digit.
    Names that differ by case only are one column, because DuckDB compares names without case.
    """
    if len(files) == 1:
        return f"SELECT * FROM {files[0].scan}"
    names: dict[str, str] = {}
    types: dict[str, set[str]] = {}
    for file in files:
        for name, column_type in file.columns:
            names.setdefault(name.casefold(), name)
            types.setdefault(name.casefold(), set()).add(column_type)
    return " UNION ALL ".join(
        f"SELECT {_selected_sql(file, names, types)}, {quote_literal(file.label)} AS {FILE_COLUMN} FROM {file.scan}"
        for file in files
    )


def union_types(files: Sequence[RawFile], described: dict[str, str]) -> dict[str, str]:
    """The DuckDB types of the united columns, under every spelling that a file has.

    Args:
        files: the united files.
        described: the types by the names of the union.
    """
    types = {name.casefold(): column_type for name, column_type in described.items()}
    spellings = dict.fromkeys(name for file in files for name in file.names)
    return described | {name: types[name.casefold()] for name in spellings if name.casefold() in types}


def _selected_sql(file: RawFile, names: dict[str, str], types: dict[str, set[str]]) -> str:
    own = {name.casefold(): (name, column_type) for name, column_type in file.columns}
    selected = []
    for key, name in names.items():
        if key not in own:
            selected.append(f"NULL AS {quote_identifier(name)}")
        elif len(types[key]) > 1:
            selected.append(f"{column_text_sql(*own[key])} AS {quote_identifier(name)}")
        else:
            selected.append(f"{quote_identifier(own[key][0])} AS {quote_identifier(name)}")
    return ", ".join(selected)
