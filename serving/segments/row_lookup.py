"""Row lookup: a binary search by customer id reads one row of the scores table as plain Python values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from serving.audiences.query.column_store import Column, NumericColumn
from serving.audiences.query.id_lookup import id_lookup
from serving.audiences.query.scores_table import Columns
from serving.audiences.query.text_columns import DictionaryColumn, ListColumn

CellReader = Callable[[int], Any]
Row = Mapping[str, Any]


class SegmentIndex:
    """An index by customer id over some columns of one version of the scores table."""

    def __init__(self, columns: Columns, names: Sequence[str]) -> None:
        self.columns = columns
        self._find_row = id_lookup(columns.ids)
        self._cell_readers = {name: _cell_reader(columns[name]) for name in names if name in columns}

    def row(self, customer_id: str) -> Row | None:
        """Return the values of one customer by column; None if not scored. Instants are microseconds since 1970 UTC."""
        index = self._find_row(customer_id.encode("utf-8", "surrogatepass"))
        return None if index is None else {name: read_cell(index) for name, read_cell in self._cell_readers.items()}


def _cell_reader(column: Column) -> CellReader:
    if isinstance(column, DictionaryColumn):
        return _text_reader(column)
    if isinstance(column, NumericColumn):
        return _number_reader(column)
    if isinstance(column, ListColumn):
        return _list_reader(column)
    raise TypeError(f"Found a column of type {type(column).__name__}; expected text, numbers or lists of them.")


def _text_reader(column: DictionaryColumn) -> CellReader:
    # A memory view returns Python numbers in a third of the time that NumPy scalars take.
    codes, texts = column.codes.data, [*column.dictionary.to_pylist(), None]  # -1 selects the last item
    return lambda index: texts[codes[index]]


def _number_reader(column: NumericColumn) -> CellReader:
    values = column.values.data
    if column.nulls is None:
        return values.__getitem__
    nulls = column.nulls.data
    return lambda index: None if nulls[index] else values[index]


def _list_reader(column: ListColumn) -> CellReader:
    read_member = _cell_reader(column.members)
    counts = np.bincount(column.parent_rows, minlength=len(column.values))
    ends, nulls = np.concatenate([[0], np.cumsum(counts)]).data, column.is_null().data

    def read_list(index: int) -> list[Any] | None:
        return None if nulls[index] else [read_member(member) for member in range(ends[index], ends[index + 1])]

    return read_list
