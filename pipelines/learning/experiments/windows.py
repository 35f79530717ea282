"""Windows: what the log holds of each decision's customer in a span of days from the decision, as Ibis expressions."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from features.arrays import Floats, Integers
from features.calendar import DAY_US


@dataclass(frozen=True)
class Windows:
    """The windows ``[decided_at + from_days, decided_at + to_days)`` of n decisions."""

    decisions: ir.Table  # unit (0 to n - 1), customer_id, decided_at_us
    count: int
    from_days: int
    to_days: int

    @classmethod
    def of(cls, rows: pa.Table, from_days: int, to_days: int) -> Windows:
        """The windows of decisions with the columns customer_id and decided_at_us."""
        unit = pa.array(np.arange(rows.num_rows), pa.int64())
        table = rows.select(["customer_id", "decided_at_us"]).append_column("unit", unit)
        return cls(ibis.memtable(table), rows.num_rows, from_days, to_days)

    def within(self, rows: ir.Table) -> ir.Table:
        """The rows (customer_id, at_us, ...) that lie in the window of a decision of their customer, with its unit."""
        joined = self.decisions.join(rows, "customer_id")
        age = joined.at_us - joined.decided_at_us
        return joined.filter(age >= self.from_days * DAY_US, age < self.to_days * DAY_US)

    def sums(self, rows: ir.Table, value: str | None = None) -> Floats:
        """The sum (n,) of a column over the rows in each window, or their number; 0 where there are none."""
        inside = self.within(rows)
        total = inside.count() if value is None else inside[value].cast("float64").sum()
        found = inside.group_by("unit").aggregate(total=total).to_pyarrow()
        return self._scatter(found, "total", 0.0)

    def first_days(self, rows: ir.Table) -> Floats:
        """The days (n,) from the decision to the first row in its window; infinite without one."""
        inside = self.within(rows)
        first = (inside.at_us - inside.decided_at_us).min()
        found = inside.group_by("unit").aggregate(first=first).to_pyarrow()
        return self._scatter(found, "first", np.inf) / DAY_US

    def _scatter(self, found: pa.Table, column: str, missing: float) -> Floats:
        values: Floats = np.full(self.count, missing)
        units: Integers = found["unit"].to_numpy()
        values[units] = found[column].to_numpy()
        return values
