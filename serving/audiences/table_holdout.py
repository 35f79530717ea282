"""Hold-out of a whole table: the hash of each customer is computed once for a version of the table and a hold-out.

A keyed hash takes most of a microsecond, so a count of a million customers would spend its time on them again and
again while a person moves a slider.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.arrays import Booleans, RowIndices
from features.keyed_hashes import HASH_RANGE, keyed_hashes
from serving.audiences.holdout import holdout_key
from serving.audiences.query.scores_table import Columns

MAX_HOLDOUTS = 4  # whose hashes are kept for a table, 9 bytes a customer each
BATCH = 10_000  # customers hashed at a time


@dataclass(frozen=True)
class _TableHashes:
    """The hashes of n customers under one key, as far as they are known."""

    hashes: NDArray[np.uint64]  # (n,)
    known: Booleans  # (n,)


_cache: WeakKeyDictionary[Columns, OrderedDict[bytes, _TableHashes]] = WeakKeyDictionary()
_lock = Lock()


def held_out(columns: Columns, rows: RowIndices, share: float, name: str, secret: bytes) -> Booleans:
    """Return which customers of some rows, (m,), are held out, (m,); see ``serving.audiences.holdout``."""
    key = holdout_key(name, secret)
    table = _hashes_of(columns, key)
    missing = rows[~table.known[rows]]
    for begin in range(0, len(missing), BATCH):
        batch = missing[begin : begin + BATCH]
        ids = columns.ids.take(pa.array(batch)).cast(pa.binary()).to_pylist()
        table.hashes[batch] = keyed_hashes(ids, [key])[:, 0]
        table.known[batch] = True
    return np.asarray(table.hashes[rows] < np.uint64(share * HASH_RANGE))


def _hashes_of(columns: Columns, key: bytes) -> _TableHashes:
    with _lock:
        of_table = _cache.setdefault(columns, OrderedDict())
        if key not in of_table:
            of_table[key] = _TableHashes(np.zeros(len(columns), np.uint64), np.zeros(len(columns), np.bool_))
        of_table.move_to_end(key)
        if len(of_table) > MAX_HOLDOUTS:
            of_table.popitem(last=False)
        return of_table[key]
