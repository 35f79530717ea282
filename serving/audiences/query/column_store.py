"""How is a column held in memory, so that a million customers are compared in a millisecond?"""

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
        """The memory that it takes."""
        ...

    def is_null(self) -> Booleans:
        """Where there is no value, (n,)."""
        ...

    def take(self, rows: RowIndices) -> pa.Array:
        """The values of some rows; dates as date32, instants as microseconds UTC."""
        ...


class ComparableColumn(Column, Protocol):
    """A column whose values, or whose lists' members, can be told apart."""

    def is_in(self, values: Sequence[Value]) -> Booleans:
        """Where the value is one of some, or the list contains one; a null is none, (n,)."""
        ...


class SortableColumn(ComparableColumn, Protocol):
    """A column by which customers can be ordered."""

    def sort_keys(self, rows: RowIndices) -> NDArray[np.generic]:
        """Numbers ordered as the values of some rows are; those of nulls mean nothing."""
        ...


@dataclass(frozen=True)
class NumericColumn:
    """Numbers, booleans, days and microseconds, as NumPy holds them."""

    type: pa.DataType
    values: NDArray[np.generic]  # (n,)
    nulls: Booleans | None  # (n,); None where there are none

    @property
    def nbytes(self) -> int:
        """The memory that it takes."""
        return self.values.nbytes + (0 if self.nulls is None else self.nulls.nbytes)

    def is_null(self) -> Booleans:
        """Where there is no value, (n,)."""
        return np.zeros(len(self.values), np.bool_) if self.nulls is None else self.nulls

    def is_in(self, values: Sequence[Value]) -> Booleans:
        """Where the value is one of some, (n,)."""
        if len(values) == 1:
            return self._exclude_nulls(np.asarray(self.values == self._comparable(values[0])))
        return self._exclude_nulls(np.isin(self.values, np.asarray(values)))

    def compare(self, comparison: str, value: Value) -> Booleans:
        """Where the value is, say, ``at_least`` another, (n,)."""
        return self._exclude_nulls(np.asarray(COMPARISONS[comparison](self.values, self._comparable(value))))

    def take(self, rows: RowIndices) -> pa.Array:
        """The values of some rows."""
        nulls = None if self.nulls is None else self.nulls[rows]
        return pa.array(self.values[rows], mask=nulls).cast(self.type)

    def sort_keys(self, rows: RowIndices) -> NDArray[np.generic]:
        """The values of some rows."""
        return self.values[rows]

    def _comparable(self, value: Value) -> Any:  # noqa: ANN401 - whatever NumPy compares with
        """A float of full width, which NumPy would otherwise round to a narrower column's."""
        return np.float64(value) if isinstance(value, float) or self.values.dtype.kind == "f" else value

    def _exclude_nulls(self, mask: Booleans) -> Booleans:
        return mask if self.nulls is None else mask & ~self.nulls


@dataclass(frozen=True)
class OpaqueColumn:
    """Values that can be handed on, but not compared."""

    values: pa.Array

    @property
    def nbytes(self) -> int:
        """The memory that it takes."""
        return int(self.values.nbytes)

    def is_null(self) -> Booleans:
        """Where there is no value, (n,)."""
        return to_mask(self.values.is_null())

    def take(self, rows: RowIndices) -> pa.Array:
        """The values of some rows."""
        return self.values.take(pa.array(rows))


def to_mask(values: pa.BooleanArray) -> Booleans:
    """An Arrow mask without nulls as NumPy's, (n,)."""
    return np.asarray(values.to_numpy(zero_copy_only=False), np.bool_)
