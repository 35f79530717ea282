"""What do the scores say of one customer? Found by halving, told in Python's numbers, without a pass over a million."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from serving.audiences.query.column_store import Held, Ordered
from serving.audiences.query.scores_table import Columns
from serving.audiences.query.text_columns import Lists, Words

Teller = Callable[[int], Any]
Row = Mapping[str, Any]


class Book:
    """Some columns of one version of the scores table, customer by customer."""

    def __init__(self, columns: Columns, names: Sequence[str]) -> None:
        self.columns = columns
        self._find = _finder(columns.ids)
        self._tellers = {name: _teller(columns[name]) for name in names if name in columns}

    def told(self, customer_id: str) -> Row | None:
        """What the columns say of a customer; None for one who was not scored. Instants are microseconds."""
        place = self._find(customer_id.encode("utf-8", "surrogatepass"))
        return None if place is None else {name: tell(place) for name, tell in self._tellers.items()}


def _finder(ids: pa.StringArray) -> Callable[[bytes], int | None]:
    """The place of an id among ascending ones."""
    whole = pa.concat_arrays([ids])  # one that begins at the beginning of its buffers
    _, ends, text = whole.buffers()
    n = len(whole)
    offsets = memoryview(ends).cast("i") if n else np.zeros(1, np.int32).data
    data = memoryview(text or b"")

    def find(wanted: bytes) -> int | None:
        low, high = 0, n
        while low < high:
            middle = (low + high) // 2
            if bytes(data[offsets[middle] : offsets[middle + 1]]) < wanted:
                low = middle + 1
            else:
                high = middle
        return low if low < n and bytes(data[offsets[low] : offsets[low + 1]]) == wanted else None

    return find


def _teller(held: Held) -> Teller:
    if isinstance(held, Words):
        return _words(held)
    if isinstance(held, Ordered):
        return _numbers(held)
    if isinstance(held, Lists):
        return _lists(held)
    raise TypeError(f"Found a column held as {type(held).__name__}; expected text, numbers or lists of them.")


def _words(held: Words) -> Teller:
    # A memory view hands out Python's own numbers, at a third of the time that NumPy's scalars take.
    codes, words = held.codes.data, [*held.words.to_pylist(), None]  # the last place is where -1 points to
    return lambda place: words[codes[place]]


def _numbers(held: Ordered) -> Teller:
    values = held.values.data
    if held.nulls is None:
        return values.__getitem__
    nulls = held.nulls.data
    return lambda place: None if nulls[place] else values[place]


def _lists(held: Lists) -> Teller:
    tell = _teller(held.members)
    counts = np.bincount(held.parents, minlength=len(held.values))
    ends, null = np.concatenate([[0], np.cumsum(counts)]).data, held.null().data

    def told(place: int) -> list[Any] | None:
        return None if null[place] else [tell(member) for member in range(ends[place], ends[place + 1])]

    return told
