"""Reading of raw files in tests: the rows of a source, with its notes and rejected lines."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from features.ingestion.files.read_options import ReadOptions
from features.ingestion.raw_tables import create_raw_view
from features.ingestion.rejected_lines import RejectedLine
from features.plausibility_note import PlausibilityNote

HEADER = ("customer", "at", "amount")
KEYS = tuple((name,) for name in HEADER)
ANN = ("0017", "2026-01-31", "9.50")
BOB = ("bob", "2026-02-01", "3")
CSV = "customer,at,amount\n0017,2026-01-31,9.50\nbob,2026-02-01,3\n"


@dataclass(frozen=True)
class RawSource:
    """What a source was read as."""

    columns: tuple[str, ...]
    rows: list[tuple[str | None, ...]]  # in the order of the file
    notes: tuple[PlausibilityNote, ...]
    rejected: tuple[RejectedLine, ...]

    @property
    def codes(self) -> list[str]:
        """The codes of the notes."""
        return [note.code for note in self.notes]


@cache
def _connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def read_source(
    folder: Path,
    path: str,
    *,
    has_header: bool = True,
    sheet: str | None = None,
    encoding: str | None = None,
    columns: tuple[tuple[str, ...], ...] = KEYS,
    sets_bad_lines_aside: bool = False,
) -> RawSource:
    """Read a source whose flywheel.toml names customer, at and amount."""
    with tempfile.TemporaryDirectory() as spill:
        options = ReadOptions(
            Path(spill), has_header, sheet, encoding, columns, columns[:2], sets_bad_lines_aside=sets_bad_lines_aside
        )
        connection = _connection()
        opened = create_raw_view(connection, "raw", path, folder, options)
        rows = connection.execute("SELECT * FROM raw").fetchall()
    return RawSource(tuple(opened.column_types), rows, opened.notes, opened.rejected)
