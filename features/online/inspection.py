"""Online store inspection: the size of the store in a home, read without a change to its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from features.online.codec import is_intact, with_checksum
from features.online.key_tally import TALLY_KEY
from features.online.lmdb import row_key
from features.publication import ROW_ID, VIEW
from features.storage.lmdb_inspection import open_for_inspection

_NO_ROWS = (TALLY_KEY, row_key(VIEW, ROW_ID))


@dataclass(frozen=True)
class StoreSize:
    """Rows of all views, those of them that are damaged, and bytes in use."""

    rows: int
    damaged_rows: int
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
        with environment.begin() as transaction:
            rows = environment.stat()["entries"] - int(transaction.get(TALLY_KEY) is not None)
            damaged_rows = sum(_is_damaged(key, value) for key, value in transaction.cursor())
        return StoreSize(rows, damaged_rows, pages * environment.stat()["psize"])


def _is_damaged(key: bytes, value: bytes) -> bool:
    """Whether a value is a row without its checksum; those of an earlier version have none until the upgrade."""
    return key not in _NO_ROWS and not is_intact(with_checksum(value))
