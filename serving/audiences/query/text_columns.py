"""How is text held in memory? As numbers into the list of its distinct values, and lists of it as all their members."""

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
    """Text of few or many distinct values."""

    codes: NDArray[np.signedinteger]  # (n,) -1 where there is no value
    dictionary: pa.StringArray

    @classmethod
    def from_arrow(cls, text: pa.Array) -> DictionaryColumn:
        """The codes in the narrowest type that has room for them."""
        encoded = text.cast(pa.string()).dictionary_encode()
        codes = pc.fill_null(encoded.indices, -1).to_numpy()
        narrow = next(t for t in (np.int8, np.int16, np.int32) if len(encoded.dictionary) <= np.iinfo(t).max)
        return cls(codes.astype(narrow), encoded.dictionary)

    @property
    def nbytes(self) -> int:
        """The memory that it takes."""
        return int(self.codes.nbytes + self.dictionary.nbytes)

    def is_null(self) -> Booleans:
        """Where there is no value, (n,)."""
        return self.codes < 0

    def is_in(self, values: Sequence[Value]) -> Booleans:
        """Where the value is one of some, (n,)."""
        wanted = pc.index_in(pa.array(values, pa.string()), value_set=self.dictionary).drop_null().to_numpy()
        if len(wanted) == 1:
            return np.asarray(self.codes == wanted[0])
        hit = np.zeros(len(self.dictionary) + 1, np.bool_)  # the last place is where -1 points to
        hit[wanted] = True
        return np.asarray(hit[self.codes])

    def take(self, rows: RowIndices) -> pa.Array:
        """The values of some rows."""
        codes = self.codes[rows]
        return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), self.dictionary).dictionary_decode()

    def sort_keys(self, rows: RowIndices) -> NDArray[np.generic]:
        """The places of some rows' values in the alphabet, by code point."""
        rank: Integers = np.empty(len(self.dictionary) + 1, np.int64)
        rank[pc.array_sort_indices(self.dictionary).to_numpy()] = np.arange(len(self.dictionary))
        return np.asarray(rank[self.codes[rows]])


@dataclass(frozen=True)
class IdColumn:
    """Ascending text, every one another: the customers."""

    values: pa.StringArray

    @property
    def nbytes(self) -> int:
        """The memory that it takes."""
        return int(self.values.nbytes)

    def is_null(self) -> Booleans:
        """Nowhere, (n,)."""
        return np.zeros(len(self.values), np.bool_)

    def is_in(self, values: Sequence[Value]) -> Booleans:
        """Where the id is one of some, (n,)."""
        return to_mask(pc.is_in(self.values, value_set=pa.array(values, pa.string())))

    def take(self, rows: RowIndices) -> pa.Array:
        """The ids of some rows."""
        return self.values.take(pa.array(rows))

    def sort_keys(self, rows: RowIndices) -> NDArray[np.generic]:
        """The rows themselves."""
        return rows


@dataclass(frozen=True)
class ListColumn:
    """Lists of one kind of value; a null list and an empty one contain nothing."""

    values: pa.ListArray
    members: ComparableColumn
    parent_rows: RowIndices  # of every member of all lists, its row

    @property
    def nbytes(self) -> int:
        """The memory that it takes."""
        return int(self.values.nbytes + self.members.nbytes + self.parent_rows.nbytes)

    def is_null(self) -> Booleans:
        """Where there is no list, (n,)."""
        return to_mask(self.values.is_null())

    def is_in(self, values: Sequence[Value]) -> Booleans:
        """Where the list contains one of some values, (n,)."""
        found = np.zeros(len(self.values), np.bool_)
        found[self.parent_rows[self.members.is_in(values)]] = True
        return found

    def take(self, rows: RowIndices) -> pa.Array:
        """The lists of some rows."""
        return self.values.take(pa.array(rows))
