"""Rejected file: the lines that were set aside, as ``rejected.csv`` beside the tables of the history."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from features.ingestion.rejected_lines import RejectedLine
from features.storage.atomic_files import replace_text

REJECTED_FILE = "rejected.csv"
_SEPARATORS = re.compile(r'[,;\t|"\n\r{}]+')


def write_rejected_lines(
    folder: Path,
    rejected: Mapping[str, Sequence[RejectedLine]],
    select_erased: Callable[[Iterable[str]], Sequence[str]] | None,
) -> None:
    """Write the lines by table, without the text of any that names an erased customer; without lines, no file."""
    path = folder / REJECTED_FILE
    lines = [(table, line) for table, table_lines in rejected.items() for line in table_lines]
    if not lines:
        path.unlink(missing_ok=True)
        return
    values_by_text = {line.text: _values(line.text) for _, line in lines}
    values = {value for values in values_by_text.values() for value in values}
    erased = set(select_erased(sorted(values))) if select_erased is not None else set()
    content = io.StringIO()
    writer = csv.writer(content, lineterminator="\n")
    writer.writerow(("table", "file", "line", "reason", "text"))
    for table, line in lines:
        if not erased.intersection(values_by_text[line.text]):
            writer.writerow((table, line.file, line.line or "", line.reason, line.text))
    replace_text(path, content.getvalue())


def delete_rejected_lines(folder: Path) -> None:
    """Delete the file, because any of its lines may name a customer who is erased."""
    (folder / REJECTED_FILE).unlink(missing_ok=True)


def _values(text: str) -> set[str]:
    """Everything in a line that may be the id of a customer."""
    return {value.strip() for value in _SEPARATORS.split(text) if value.strip()}
