"""Rejected file: the lines that were set aside, as ``rejected.csv`` beside the tables of the history."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from features.ingestion.erased_texts import ErasedSelector, ids_in_line
from features.ingestion.rejected_lines import RejectedLine
from features.storage.atomic_files import replace_text

REJECTED_FILE = "rejected.csv"


def write_rejected_lines(
    folder: Path, rejected: Mapping[str, Sequence[RejectedLine]], select_erased: ErasedSelector | None
) -> None:
    """Write the lines by table, without the text of any that names an erased customer; without lines, no file."""
    path = folder / REJECTED_FILE
    lines = [(table, line) for table, table_lines in rejected.items() for line in table_lines]
    if not lines:
        path.unlink(missing_ok=True)
        return
    erased: set[str] = set()
    ids_by_text: dict[str, set[str]] = {}
    if select_erased is not None:
        ids_by_text = {line.text: ids_in_line(line.text) for _, line in lines}
        erased = set(select_erased(sorted(set[str]().union(*ids_by_text.values()))))
    content = io.StringIO()
    writer = csv.writer(content, lineterminator="\n")
    writer.writerow(("table", "file", "line", "reason", "text"))
    for table, line in lines:
        if not erased.intersection(ids_by_text.get(line.text, ())):
            writer.writerow((table, line.file, line.line or "", line.reason, line.text))
    replace_text(path, content.getvalue())


def delete_rejected_lines(folder: Path) -> None:
    """Delete the file, because any of its lines may name a customer who is erased."""
    (folder / REJECTED_FILE).unlink(missing_ok=True)
