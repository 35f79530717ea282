"""How often customers did what: sparse, sorted by customer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int32]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Counts:
    """Cells that are not empty, (m,) each, ascending by customer, each pair of customer and value once."""

    row: Whole  # the customer's place
    value: Whole
    times: Whole
    customers: int
    values: int

    @classmethod
    def of(cls, row: Whole, value: Whole, times: Whole, customers: int, values: int) -> Counts:
        """Counts in any order, pairs that come repeatedly added up."""
        cell = row.astype(np.int64) * values + value
        order = np.argsort(cell, kind="stable")
        cell = cell[order]
        first = np.flatnonzero(np.diff(cell, prepend=-1))
        total = np.add.reduceat(times[order], first) if len(first) else times[:0]
        kept = cell[first]
        return cls(
            (kept // values).astype(np.int32),
            (kept % values).astype(np.int32),
            total.astype(np.int32),
            customers,
            values,
        )

    def totals(self) -> Whole:
        """How often each customer did anything, (customers,)."""
        return np.bincount(self.row, weights=self.times, minlength=self.customers).astype(np.int32)

    def between(self, start: int, stop: int) -> Counts:
        """The customers at the places from start to before stop, who are then at places from 0 on."""
        first, last = np.searchsorted(self.row, (start, stop))
        part = slice(first, last)
        return Counts(self.row[part] - np.int32(start), self.value[part], self.times[part], stop - start, self.values)

    def dense(self) -> Floats:
        """All cells, (customers, values)."""
        table = np.zeros((self.customers, self.values))
        table[self.row, self.value] = self.times
        return table
