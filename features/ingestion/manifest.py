"""History manifest: what an ingestion read and wrote, with a summary per table and the notes on the log."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from features.plausibility_note import PlausibilityNote, without_examples
from features.storage.atomic_files import replace_text

MANIFEST_FILE = "manifest.json"


@dataclass(frozen=True)
class TableSummary:
    """Line counts of one ingested table."""

    table: str
    lines: int  # of all files, less headers
    without_customer: int
    duplicates: int  # exact duplicates of a line within one file
    excluded: int  # by ``include`` and ``exclude``
    rejected: int  # set aside into rejected.csv
    overlapping: int  # lines that stand in several files, less one of each
    written: int
    customers: int
    columns: tuple[str, ...]


@dataclass(frozen=True)
class HistoryManifest:
    """The digests of the configuration and the source of a history, a summary per table, and what was noticed."""

    config: str
    source: str
    tables: tuple[TableSummary, ...]
    notes: tuple[PlausibilityNote, ...] = ()

    def write(self, folder: Path) -> None:
        """Write the manifest beside the tables of the history."""
        replace_text(folder / MANIFEST_FILE, json.dumps(asdict(self), indent=1))


def read_manifest(folder: Path) -> HistoryManifest | None:
    """The manifest of the history in ``folder``; None where it is missing, damaged or of another version."""
    path = folder / MANIFEST_FILE
    if not path.is_file():
        return None
    try:
        payload = json.loads(path.read_text(encoding="utf-8"))
        tables = tuple(TableSummary(**{**table, "columns": tuple(table["columns"])}) for table in payload["tables"])
        notes = tuple(PlausibilityNote(**note) for note in payload["notes"])
        return HistoryManifest(payload["config"], payload["source"], tables, notes)
    except (ValueError, KeyError, TypeError):
        return None


def delete_examples(folder: Path) -> None:
    """Delete the examples of all notes, because any of them may name a customer who is erased."""
    manifest = read_manifest(folder)
    if manifest is not None and any(note.example for note in manifest.notes):
        read_at = (folder / MANIFEST_FILE).stat().st_mtime_ns
        replace(manifest, notes=without_examples(manifest.notes)).write(folder)
        # The time of the file tells when the log was read.
        os.utime(folder / MANIFEST_FILE, ns=(read_at, read_at))
