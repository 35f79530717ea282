"""Id lookup: a binary search among the ascending customer ids of the scores table, without an index in memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa


def id_lookup(ids: pa.StringArray) -> Callable[[bytes], int | None]:
    """Return a function that finds the position of an id among ascending ids."""
    compact = pa.concat_arrays([ids])  # an array whose buffers start at its first id
    _, ends, text = compact.buffers()
    n = len(compact)
    offsets = memoryview(ends).cast("i") if n else np.zeros(1, np.int32).data
    data = memoryview(text or b"")

    def find(customer_id: bytes) -> int | None:
        low, high = 0, n
        while low < high:
            middle = (low + high) // 2
            if bytes(data[offsets[middle] : offsets[middle + 1]]) < customer_id:
                low = middle + 1
            else:
                high = middle
        return low if low < n and bytes(data[offsets[low] : offsets[low + 1]]) == customer_id else None

    return find
