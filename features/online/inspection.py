"""Online store inspection: the size of the store in a home, read without a change to its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from features.storage.lmdb_inspection import open_for_inspection


@dataclass(frozen=True)
class StoreSize:
    """Rows of all views, and bytes in use."""

    rows: int
    used_bytes: int


def measure_lmdb(folder: Path) -> StoreSize | None:
    """Measure the LMDB store in a folder; None before the first publication.

    Raises:
        InvalidStore: it cannot be read.
    """
    with open_for_inspection(folder) as environment:
        if environment is None:
            return None
        pages = environment.info()["last_pgno"] + 1
        return StoreSize(environment.stat()["entries"], pages * environment.stat()["psize"])
