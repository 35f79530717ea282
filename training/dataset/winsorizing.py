"""Winsorizing: limits amounts and counts in training rows, so that one line or one id does not decide a fit.

The fences are those of the largest value of each customer: one customer has a row at every cutoff, so quantiles of the
rows would count the same outlier several times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from features.arrays import Floats, Integers
from features.transformations.transactions import AMOUNT_COLUMNS, OPTIONAL_COLUMNS
from training.dataset.outcomes import Rows
from training.outliers import OutlierFence

_DURATION_WORDS = ("gap", "recency", "tenure")  # one line cannot inflate them once its date is plausible
_AMOUNTS = {*(column.name for column in AMOUNT_COLUMNS), OPTIONAL_COLUMNS["discount"].name}


def winsorize_rows(rows: Rows) -> Rows:
    """Limit the amounts and counts of the inputs and of the outcomes to what is plausible among these customers."""
    largest = LargestPerCustomer.from_customers(rows.customer)
    counted = [index for index, name in enumerate(rows.names) if not any(word in name for word in _DURATION_WORDS)]
    outcomes = rows.outcomes
    every_horizon = range(len(outcomes.horizons))
    return replace(
        rows,
        inputs=largest.winsorize(rows.inputs, counted),
        outcomes=replace(
            outcomes,
            orders=largest.winsorize(outcomes.orders, every_horizon),
            spend=largest.winsorize(outcomes.spend, every_horizon),
        ),
    )


def amount_limits(names: Sequence[str], inputs: Floats, customer: Integers) -> dict[str, float]:
    """The largest plausible value of each input that is an amount of money, by its name.

    Args:
        names: names of the inputs.
        inputs: (n, names).
        customer: (n,) a number per customer.
    """
    largest = LargestPerCustomer.from_customers(customer)
    amounts = [index for index, name in enumerate(names) if name in _AMOUNTS or name.startswith("spend_")]
    limits = {names[index]: OutlierFence.from_values(largest.of(inputs[:, index])).limit for index in amounts}
    return {name: limit for name, limit in limits.items() if np.isfinite(limit)}


@dataclass(frozen=True)
class LargestPerCustomer:
    """The largest magnitude per customer of columns with several rows per customer."""

    order: Integers  # (n,) the rows, sorted by customer
    start: Integers  # (customers,) the first of each customer's rows among them

    @classmethod
    def from_customers(cls, customer: Integers) -> LargestPerCustomer:
        """Group rows by the number of their customer, (n,)."""
        order = np.argsort(customer, kind="stable")
        return cls(order, np.flatnonzero(np.diff(customer[order], prepend=-1)))

    def of(self, column: Floats) -> Floats:
        """The largest magnitude of each customer, (customers,), 0 where all are NaN."""
        if not len(self.start):
            return np.zeros(0)
        return np.asarray(np.maximum.reduceat(np.nan_to_num(np.abs(column[self.order])), self.start))

    def winsorize(self, table: Floats, columns: Sequence[int]) -> Floats:
        """Winsorize columns of a table, (n, columns); the table itself where no value is beyond its fence."""
        result = table
        for index in columns:
            largest = self.of(table[:, index])
            fence = OutlierFence.from_values(largest)
            if largest.max(initial=0.0) > fence.limit:
                result = table.copy() if result is table else result
                result[:, index] = fence.winsorize(table[:, index])
        return result
