"""Opened source: the raw view of one section of flywheel.toml, and what its files had beside readable lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from features.ingestion.file_union import RawFile
from features.ingestion.rejected_lines import RejectedLine
from features.plausibility_note import PlausibilityNote


@dataclass(frozen=True)
class OpenedSource:
    """The columns of a raw view, the notes on how its files were read, and the lines that were set aside."""

    column_types: Mapping[str, str]  # DuckDB type by column
    files: tuple[RawFile, ...] = ()  # none where the source is no file, or its lines were parsed one by one
    notes: tuple[PlausibilityNote, ...] = ()
    rejected: tuple[RejectedLine, ...] = ()
