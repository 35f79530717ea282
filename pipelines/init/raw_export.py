"""Raw export: the columns of one table of an export, a sample of its lines as text, and counts over all its lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from features.ingestion.raw_text import column_text_sql
from features.storage.sql_quoting import quote_identifier

FIRST_LINES, LAST_LINES = 10_000, 2_000
WORDS_FOR_NOTHING = ("", "null", "none", "nan", "n/a", "na", r"\n", "-", "undefined")


@dataclass(frozen=True)
class RawExport:
    """A table of raw lines: one file, one sheet, or several files with the same columns."""

    files: tuple[Path, ...]
    view: str  # of all lines, in DuckDB
    column_types: Mapping[str, str]  # the DuckDB type by column
    lines: int
    sample: Mapping[str, tuple[str, ...]]  # texts by column; empty where a value is missing
    has_header: bool = True
    sheet: str | None = None
    encoding: str | None = None  # written to flywheel.toml, where it is not UTF-8

    @property
    def title(self) -> str:
        """The name of the export in messages."""
        name = self.files[0].name + (f" and {len(self.files) - 1} more" if len(self.files) > 1 else "")
        return f"{name}, sheet {self.sheet}" if self.sheet else name

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns, in the order of the file."""
        return tuple(self.column_types)


def sample_lines(
    connection: duckdb.DuckDBPyConnection, view: str, column_types: Mapping[str, str]
) -> tuple[int, dict[str, tuple[str, ...]]]:
    """The number of lines, and the first and some of the last lines as texts by column; a word for nothing is empty."""
    lines = int(connection.execute(f"SELECT count(*) FROM {view}").fetchall()[0][0])
    selected = ", ".join(text_sql(column, column_types) for column in column_types)
    rows = connection.execute(f"SELECT {selected} FROM {view} LIMIT {FIRST_LINES}").fetchall()
    if lines > FIRST_LINES:
        offset = max(FIRST_LINES, lines - LAST_LINES)
        rows += connection.execute(f"SELECT {selected} FROM {view} LIMIT {LAST_LINES} OFFSET {offset}").fetchall()
    values = zip(*rows, strict=True) if rows else ([] for _ in column_types)
    return lines, {column: tuple(texts) for column, texts in zip(column_types, values, strict=True)}


def text_sql(column: str, column_types: Mapping[str, str]) -> str:
    """SQL of a value as trimmed text; it is empty for a missing value and for a word for nothing."""
    text = f"trim({column_text_sql(column, column_types[column])})"
    words = ", ".join(f"'{word}'" for word in WORDS_FOR_NOTHING)
    return f"CASE WHEN lower({text}) IN ({words}) THEN '' ELSE coalesce({text}, '') END"


def count_distinct(
    connection: duckdb.DuckDBPyConnection, export: RawExport, *column_groups: Sequence[str]
) -> list[int]:
    """For each group of columns, how many different combinations all lines have, those with an empty value left out."""
    counts = []
    for columns in column_groups:
        names = [quote_identifier(column) for column in columns]
        filled = " AND ".join(
            f"{name} <> ''" if export.column_types[column] == "VARCHAR" else f"{name} IS NOT NULL"
            for column, name in zip(columns, names, strict=True)
        )
        key = names[0] if len(names) == 1 else "(" + ", ".join(names) + ")"
        counts.append(f"count(DISTINCT {key}) FILTER (WHERE {filled})")
    return list(connection.execute(f"SELECT {', '.join(counts)} FROM {export.view}").fetchall()[0])
