"""File scan: one raw file as rows that DuckDB can read, with what was noticed in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from features.ingestion.rejected_lines import RejectedLine
from features.plausibility_note import PlausibilityNote
from features.storage.sql_quoting import quote_literal


@dataclass(frozen=True)
class Reader:
    """The columns and the DuckDB reader of a raw file."""

    columns: tuple[tuple[str, str], ...]  # name and DuckDB type
    sql_prefix: str  # SQL before the list with the file
    sql_suffix: str  # SQL after it
    no_data: str = ""  # SQL of whether a row is no data, such as a total
    selected: str = "*"  # SQL of the columns

    def rows_sql(self, file: Path) -> str:
        """SQL for a FROM clause that reads a file, rows without data left out."""
        # A list, because a path by itself is a pattern, and brackets in it are no part of the name.
        source = f"{self.sql_prefix}[{quote_literal(str(file))}]{self.sql_suffix}"
        if not self.no_data and self.selected == "*":
            return source
        return f"(SELECT {self.selected} FROM {source} WHERE ({self.no_data or 'false'}) IS NOT TRUE)"


@dataclass(frozen=True)
class FileScan:
    """One raw file, or one member of an archive, ready to be read."""

    path: Path  # the file, or its unpacked or decoded copy under the same name
    reader: Reader
    notes: tuple[PlausibilityNote, ...] = ()
    rejected: tuple[RejectedLine, ...] = ()

    @property
    def name(self) -> str:
        """The name of the file for people: of the original, and of the member in an archive."""
        return self.path.name

    @property
    def columns(self) -> list[str]:
        """The names of the file's columns."""
        return [column for column, _ in self.reader.columns]
