"""Dictionary-encoded text: codes into the list of distinct values; a list column stores all members and their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.arrays import Booleans, Integers, RowIndices
from serving.audiences.query.column_store import ComparableColumn, to_mask
from serving.audiences.query.column_types import Value


@dataclass(frozen=True)
class DictionaryColumn:
    """Text with few or many distinct values."""

    codes: NDArray[np.signedinteger]  # (n,) -1 where there is no value
    dictionary: pa.StringArray

    @classmethod
    def from_arrow(cls, text: pa.Array) -> DictionaryColumn:
        """Encode text, unless it is encoded, with codes of the narrowest type that fits."""
        encoded = text if pa.types.is_dictionary(text.type) else text.dictionary_encode()
        codes = pc.fill_null(encoded.indices, -1).to_numpy()
        narrow = next(t for t in (np.int8, np.int16, np.int32) if len(encoded.dictionary) <= np.iinfo(t).max)
        return cls(codes.astype(narrow), encoded.dictionary.cast(pa.string()))

    @property
    def nbytes(self) -> int:
        """The memory of the column, in bytes."""
        return int(self.codes.nbytes + self.dictionary.nbytes)

    def is_null(self) -> Booleans:
        """Return which rows are null, (n,)."""
        return self.codes < 0

    def is_in(self, values: Sequence[Value]) -> Booleans:
        """Return which rows have one of the values, (n,)."""
        codes = pc.index_in(pa.array(values, pa.string()), value_set=self.dictionary).drop_null().to_numpy()
        if len(codes) == 1:
            return np.asarray(self.codes == codes[0])
        is_selected = np.zeros(len(self.dictionary) + 1, np.bool_)  # -1 selects the last item
        is_selected[codes] = True
        return np.asarray(is_selected[self.codes])

    def take(self, rows: RowIndices) -> pa.Array:
        """Return the values of some rows."""
        codes = self.codes[rows]
        return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), self.dictionary).dictionary_decode()

    def sort_keys(self, rows: RowIndices) -> NDArray[np.generic]:
        """Return the ranks of the values of some rows, by code point."""
        rank: Integers = np.empty(len(self.dictionary) + 1, np.int64)
        rank[pc.array_sort_indices(self.dictionary).to_numpy()] = np.arange(len(self.dictionary))
        return np.asarray(rank[self.codes[rows]])


@dataclass(frozen=True)
class IdColumn:
    """The customer ids: ascending text without repetition."""

    values: pa.StringArray

    @property
    def nbytes(self) -> int:
        """The memory of the column, in bytes."""
        return int(self.values.nbytes)

    def is_null(self) -> Booleans:
        """Return a mask without any null, (n,)."""
        return np.zeros(len(self.values), np.bool_)

    def is_in(self, values: Sequence[Value]) -> Booleans:
        """Return which rows have one of the ids, (n,)."""
        return to_mask(pc.is_in(self.values, value_set=pa.array(values, pa.string())))

    def take(self, rows: RowIndices) -> pa.Array:
        """Return the ids of some rows."""
        return self.values.take(pa.array(rows))

    def sort_keys(self, rows: RowIndices) -> NDArray[np.generic]:
        """Return the rows themselves."""
        return rows


@dataclass(frozen=True)
class ListColumn:
    """Lists of one kind of value; a null list and an empty list contain nothing."""

    values: pa.ListArray
    members: ComparableColumn
    parent_rows: RowIndices  # the row of each member of all lists

    @property
    def nbytes(self) -> int:
        """The memory of the column, in bytes."""
        return int(self.values.nbytes + self.members.nbytes + self.parent_rows.nbytes)

    def is_null(self) -> Booleans:
        """Return which rows have no list, (n,)."""
        return to_mask(self.values.is_null())

    def is_in(self, values: Sequence[Value]) -> Booleans:
        """Return which lists contain one of the values, (n,)."""
        mask = np.zeros(len(self.values), np.bool_)
        mask[self.parent_rows[self.members.is_in(values)]] = True
        return mask

    def take(self, rows: RowIndices) -> pa.Array:
        """Return the lists of some rows."""
        return self.values.take(pa.array(rows))
