"""How often customers did what: sparse, sorted by customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import AnyIntegers, Floats, SmallIntegers


@dataclass(frozen=True)
class SparseCounts:
    """Cells that are not empty, (m,) each, ascending by customer and value, each pair once."""

    row: SmallIntegers  # the customer's place
    value: AnyIntegers
    times: AnyIntegers
    customers: int
    values: int

    @classmethod
    def from_cells(
        cls, row: SmallIntegers, value: AnyIntegers, times: AnyIntegers, customers: int, values: int
    ) -> SparseCounts:
        """Counts in any order, pairs that come repeatedly added up, those of value -1 or 0 times left out."""
        said = (value >= 0) & (times > 0)
        cell = row[said].astype(np.int64) * values + value[said]
        order = np.argsort(cell, kind="stable")
        cell = cell[order]
        first = np.flatnonzero(np.diff(cell, prepend=-1))
        total = np.add.reduceat(times[said][order], first) if len(first) else times[:0]
        place, kept = np.divmod(cell[first], max(values, 1))
        return cls(
            place.astype(np.int32), _downcast(kept, values), _downcast(total, total.max(initial=0)), customers, values
        )

    @classmethod
    def from_totals(cls, times: SmallIntegers) -> SparseCounts:
        """Of one value alone, from the times of every customer, (customers,)."""
        row = np.flatnonzero(times).astype(np.int32)
        return cls(row, _downcast(np.zeros_like(row), 1), _downcast(times[row], times.max(initial=0)), len(times), 1)

    @classmethod
    def concatenate(cls, parts: Sequence[SparseCounts]) -> SparseCounts:
        """Of the customers of the first part, then those of the second, and so on."""
        begins = np.cumsum([0, *(part.customers for part in parts)]).astype(np.int32)
        row = np.concatenate([part.row + begin for part, begin in zip(parts, begins[:-1], strict=True)])
        value, times = (np.concatenate([getattr(part, name) for part in parts]) for name in ("value", "times"))
        return cls(row, value, times, int(begins[-1]), parts[0].values)

    def totals(self) -> SmallIntegers:
        """How often each customer did anything, (customers,)."""
        return np.bincount(self.row, weights=self.times, minlength=self.customers).astype(np.int32)

    def slice_customers(self, start: int, stop: int) -> SparseCounts:
        """The customers at the places from start to before stop, who are then at places from 0 on."""
        first, last = np.searchsorted(self.row, np.array([start, stop], dtype=np.int32))
        part = slice(first, last)
        return SparseCounts(
            self.row[part] - np.int32(start), self.value[part], self.times[part], stop - start, self.values
        )

    def to_dense(self) -> Floats:
        """All cells, (customers, values)."""
        table = np.zeros((self.customers, self.values))
        table[self.row, self.value] = self.times
        return table


def _downcast(numbers: AnyIntegers, maximum: int) -> AnyIntegers:
    """In as few bytes as numbers up to the greatest take: a million customers have tens of millions of cells."""
    return numbers.astype(np.min_scalar_type(int(maximum)))
