"""Spill folder: a temporary folder beside the history for unpacked and decoded copies of raw files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SPILL_FOLDER = "spill_files"


def new_copy(file: Path, spill: Path) -> Path:
    """A path in the spill folder for a copy of a file, under its name and that of its folder, as messages show them."""
    target = Path(tempfile.mkdtemp(dir=spill)) / file.resolve().parent.name / file.name
    target.parent.mkdir(exist_ok=True)
    return target


@contextmanager
def spill_folder(history: Path) -> Iterator[Path]:
    """An empty folder that is removed at the end; a killed ingestion leaves one behind, which the next one removes."""
    folder = history / SPILL_FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
