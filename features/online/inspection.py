"""Online store inspection: the size of the store in a home, read without a change to its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import lmdb

from features.online.key_tally import TALLY_KEY
from features.online.lmdb import row_key
from features.storage.lmdb_inspection import open_for_inspection


@dataclass(frozen=True)
class StoreSize:
    """Rows of all views, and bytes in use."""

    rows: int
    used_bytes: int


def read_row(folder: Path, view: str, customer_id: str) -> bytes | None:
    """The packed row of one customer in the LMDB store in a folder; None where there is none.

    Raises:
        InvalidStore: the store cannot be read.
    """
    with open_for_inspection(folder) as environment:
        if environment is None:
            return None
        with environment.begin() as transaction:
            stored: bytes | None = transaction.get(row_key(view, customer_id))
            return stored


def measure_lmdb(folder: Path) -> StoreSize | None:
    """Measure the LMDB store in a folder; None before the first publication.

    Raises:
        InvalidStore: it cannot be read.
    """
    with open_for_inspection(folder) as environment:
        if environment is None:
            return None
        pages = environment.info()["last_pgno"] + 1
        return StoreSize(environment.stat()["entries"] - _tallies(environment), pages * environment.stat()["psize"])


def _tallies(environment: lmdb.Environment) -> int:
    with environment.begin() as transaction:
        return int(transaction.get(TALLY_KEY) is not None)
