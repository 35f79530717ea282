"""File scan: one raw file as rows that DuckDB can read, with what was noticed in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from features.ingestion.rejected_lines import RejectedLine
from features.plausibility_note import PlausibilityNote
from features.storage.sql_quoting import quote_literal


@dataclass(frozen=True)
class Reader:
    """The columns and the DuckDB reader of raw files with the same format; files with equal readers share a scan."""

    columns: tuple[tuple[str, str], ...]  # name and DuckDB type
    sql_prefix: str  # SQL before the list of files
    sql_suffix: str  # SQL after the list of files
    no_data: str = ""  # SQL of whether a row is no data, such as a total

    def rows_sql(self, files: Sequence[Path]) -> str:
        """SQL for a FROM clause that reads these files, rows without data left out."""
        source = f"{self.sql_prefix}[{', '.join(quote_literal(str(file)) for file in files)}]{self.sql_suffix}"
        return f"(SELECT * FROM {source} WHERE ({self.no_data}) IS NOT TRUE)" if self.no_data else source


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
