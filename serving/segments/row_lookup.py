"""What do the scores say of one customer? Found by halving, told in Python's numbers, without a pass over a million."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from serving.audiences.query.column_store import Column, NumericColumn
from serving.audiences.query.scores_table import Columns
from serving.audiences.query.text_columns import DictionaryColumn, ListColumn

CellReader = Callable[[int], Any]
Row = Mapping[str, Any]


class SegmentIndex:
    """Some columns of one version of the scores table, customer by customer."""

    def __init__(self, columns: Columns, names: Sequence[str]) -> None:
        self.columns = columns
        self._find_row = _id_lookup(columns.ids)
        self._cell_readers = {name: _cell_reader(columns[name]) for name in names if name in columns}

    def row(self, customer_id: str) -> Row | None:
        """What the columns say of a customer; None for one who was not scored. Instants are microseconds."""
        place = self._find_row(customer_id.encode("utf-8", "surrogatepass"))
        return None if place is None else {name: tell(place) for name, tell in self._cell_readers.items()}


def _id_lookup(ids: pa.StringArray) -> Callable[[bytes], int | None]:
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


def _cell_reader(column: Column) -> CellReader:
    if isinstance(column, DictionaryColumn):
        return _text_reader(column)
    if isinstance(column, NumericColumn):
        return _number_reader(column)
    if isinstance(column, ListColumn):
        return _list_reader(column)
    raise TypeError(f"Found a column held as {type(column).__name__}; expected text, numbers or lists of them.")


def _text_reader(column: DictionaryColumn) -> CellReader:
    # A memory view hands out Python's own numbers, at a third of the time that NumPy's scalars take.
    codes, words = column.codes.data, [*column.dictionary.to_pylist(), None]  # the last place is where -1 points to
    return lambda place: words[codes[place]]


def _number_reader(column: NumericColumn) -> CellReader:
    values = column.values.data
    if column.nulls is None:
        return values.__getitem__
    nulls = column.nulls.data
    return lambda place: None if nulls[place] else values[place]


def _list_reader(column: ListColumn) -> CellReader:
    tell = _cell_reader(column.members)
    counts = np.bincount(column.parent_rows, minlength=len(column.values))
    ends, null = np.concatenate([[0], np.cumsum(counts)]).data, column.is_null().data

    def told(place: int) -> list[Any] | None:
        return None if null[place] else [tell(member) for member in range(ends[place], ends[place + 1])]

    return told
