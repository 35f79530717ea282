"""Column store: columns of the scores table as arrays in memory, which compare a million customers in a millisecond."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.arrays import Booleans, RowIndices
from serving.audiences.query.column_types import Value

COMPARISONS = {"at_least": operator.ge, "above": operator.gt, "at_most": operator.le, "below": operator.lt}


class Column(Protocol):
    """A column of n rows."""

    @property
    def nbytes(self) -> int:
        """The memory of the column, in bytes."""
        ...

    def is_null(self) -> Booleans:
        """Return which rows are null, (n,)."""
        ...

    def take(self, rows: RowIndices) -> pa.Array:
        """Return the values of some rows; dates as date32, instants as timestamps in microseconds UTC."""
        ...


class ComparableColumn(Column, Protocol):
    """A column whose values, or whose list members, can be compared for equality."""

    def is_in(self, values: Sequence[Value]) -> Booleans:
        """Return which rows have one of the values, or a list with one of them, (n,); a null has none."""
        ...


class SortableColumn(ComparableColumn, Protocol):
    """A column that can order customers."""

    def sort_keys(self, rows: RowIndices) -> NDArray[np.generic]:
        """Return numbers in the order of the values of some rows; the numbers of nulls have no meaning."""
        ...


@dataclass(frozen=True)
class NumericColumn:
    """Numbers, booleans, days or microseconds in a NumPy array."""

    type: pa.DataType
    values: NDArray[np.generic]  # (n,)
    nulls: Booleans | None  # (n,); None without any null

    @property
    def nbytes(self) -> int:
        """The memory of the column, in bytes."""
        return self.values.nbytes + (0 if self.nulls is None else self.nulls.nbytes)

    def is_null(self) -> Booleans:
        """Return which rows are null, (n,)."""
        return np.zeros(len(self.values), np.bool_) if self.nulls is None else self.nulls

    def is_in(self, values: Sequence[Value]) -> Booleans:
        """Return which rows have one of the values, (n,)."""
        if len(values) == 1:
            return self._exclude_nulls(np.asarray(self.values == self._comparable(values[0])))
        return self._exclude_nulls(np.isin(self.values, np.asarray(values)))

    def compare(self, comparison: str, value: Value) -> Booleans:
        """Return which rows fulfil a comparison such as ``at_least`` with the value, (n,)."""
        return self._exclude_nulls(np.asarray(COMPARISONS[comparison](self.values, self._comparable(value))))

    def take(self, rows: RowIndices) -> pa.Array:
        """Return the values of some rows."""
        nulls = None if self.nulls is None else self.nulls[rows]
        return pa.array(self.values[rows], mask=nulls).cast(self.type)

    def sort_keys(self, rows: RowIndices) -> NDArray[np.generic]:
        """Return the values of some rows."""
        return self.values[rows]

    def _comparable(self, value: Value) -> Any:  # noqa: ANN401 - any type that NumPy compares
        """Return a float in full width; NumPy would otherwise round it to the narrower type of the column."""
        return np.float64(value) if isinstance(value, float) or self.values.dtype.kind == "f" else value

    def _exclude_nulls(self, mask: Booleans) -> Booleans:
        return mask if self.nulls is None else mask & ~self.nulls


@dataclass(frozen=True)
class OpaqueColumn:
    """Values that can be returned, but not compared."""

    values: pa.Array

    @property
    def nbytes(self) -> int:
        """The memory of the column, in bytes."""
        return int(self.values.nbytes)

    def is_null(self) -> Booleans:
        """Return which rows are null, (n,)."""
        return to_mask(self.values.is_null())

    def take(self, rows: RowIndices) -> pa.Array:
        """Return the values of some rows."""
        return self.values.take(pa.array(rows))


def to_mask(values: pa.BooleanArray) -> Booleans:
    """Return an Arrow mask without nulls as a NumPy array, (n,)."""
    return np.asarray(values.to_numpy(zero_copy_only=False), np.bool_)
