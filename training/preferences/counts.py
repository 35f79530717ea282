"""Sparse counts: how often each customer had each value, sorted by customer and value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import AnyIntegers, Floats, SmallIntegers


@dataclass(frozen=True)
class SparseCounts:
    """Non-empty cells, (m,) each, ascending by customer and value, each pair once."""

    row: SmallIntegers  # the customer's index
    value: AnyIntegers
    times: AnyIntegers
    customers: int
    values: int

    @classmethod
    def from_cells(
        cls, row: SmallIntegers, value: AnyIntegers, times: AnyIntegers, customers: int, values: int
    ) -> SparseCounts:
        """Build counts from cells in any order: equal pairs are summed, cells with value -1 or 0 times are left out."""
        valid = (value >= 0) & (times > 0)
        cell = row[valid].astype(np.int64) * values + value[valid]
        order = np.argsort(cell, kind="stable")
        cell = cell[order]
        first = np.flatnonzero(np.diff(cell, prepend=-1))
        total = np.add.reduceat(times[valid][order], first) if len(first) else times[:0]
        row_of_cell, value_of_cell = np.divmod(cell[first], max(values, 1))
        return cls(
            row_of_cell.astype(np.int32),
            _downcast(value_of_cell, values),
            _downcast(total, total.max(initial=0)),
            customers,
            values,
        )

    @classmethod
    def from_totals(cls, times: SmallIntegers) -> SparseCounts:
        """Build counts of a single value from the total of every customer, (customers,)."""
        row = np.flatnonzero(times).astype(np.int32)
        return cls(row, _downcast(np.zeros_like(row), 1), _downcast(times[row], times.max(initial=0)), len(times), 1)

    @classmethod
    def concatenate(cls, parts: Sequence[SparseCounts]) -> SparseCounts:
        """Concatenate the customers of all parts, in the order of the parts."""
        begins = np.cumsum([0, *(part.customers for part in parts)]).astype(np.int32)
        row = np.concatenate([part.row + begin for part, begin in zip(parts, begins[:-1], strict=True)])
        value, times = (np.concatenate([getattr(part, name) for part in parts]) for name in ("value", "times"))
        return cls(row, value, times, int(begins[-1]), parts[0].values)

    def totals(self) -> SmallIntegers:
        """The sum over values of each customer, (customers,)."""
        return np.bincount(self.row, weights=self.times, minlength=self.customers).astype(np.int32)

    def slice_customers(self, start: int, stop: int) -> SparseCounts:
        """Select the customers from ``start`` to before ``stop``, renumbered from 0."""
        first, last = np.searchsorted(self.row, np.array([start, stop], dtype=np.int32))
        part = slice(first, last)
        return SparseCounts(
            self.row[part] - np.int32(start), self.value[part], self.times[part], stop - start, self.values
        )

    def to_dense(self) -> Floats:
        """All cells as a dense table, (customers, values)."""
        table = np.zeros((self.customers, self.values))
        table[self.row, self.value] = self.times
        return table


def _downcast(numbers: AnyIntegers, maximum: int) -> AnyIntegers:
    """Use as few bytes as the maximum needs: a million customers have tens of millions of cells."""
    return numbers.astype(np.min_scalar_type(int(maximum)))
