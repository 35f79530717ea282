"""Collapsed histories: equal purchase histories become one row with a weight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from features.arrays import Floats, Integers

MAX_ROWS = 20_000


@dataclass(frozen=True, kw_only=True)
class Histories:
    """Distinct histories (repeats, recency, age), (rows,) each, and the number of customers per row."""

    repeats: Floats
    recency: Floats
    age: Floats
    weight: Floats

    @property
    def customers(self) -> float:
        """The number of customers over all rows."""
        return float(self.weight.sum())

    def mean(self, values: Floats) -> float:
        """The mean over customers of a value per row, (rows,)."""
        return float(self.weight @ values) / self.customers


def collapse_histories(repeats: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Histories:
    """Collapse equal histories, (n,) each, into weighted rows; above ``MAX_ROWS`` rows, sample the sorted log evenly.

    Raises:
        ValueError: lengths differ or are 0, or a history is not 0 <= recency <= age.
    """
    rows = _sort_rows(_validate(repeats, recency, age))
    customers = rows.shape[1]
    first = _group_starts(rows)
    if len(first) > MAX_ROWS:
        rows = rows[:, ((np.arange(MAX_ROWS) + 0.5) * (customers / MAX_ROWS)).astype(int)]
        first = _group_starts(rows)
    weight = np.diff(first, append=rows.shape[1]) * (customers / rows.shape[1])
    return Histories(repeats=rows[0, first], recency=rows[1, first], age=rows[2, first], weight=weight)


def _sort_rows(rows: Floats) -> Floats:
    return rows[:, np.lexsort(rows[::-1])]


def _group_starts(rows: Floats) -> Integers:
    changed = (np.diff(rows, axis=1) != 0).any(axis=0)
    return np.flatnonzero(np.append(True, changed))


def _validate(repeats: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
    columns = [np.asarray(values, dtype=float) for values in (repeats, recency, age)]
    if any(column.ndim != 1 or column.shape != columns[0].shape for column in columns):
        shapes = ", ".join(str(column.shape) for column in columns)
        raise ValueError(f"Expected repeats, recency and age of one length; found shapes {shapes}.")
    if not columns[0].size:
        raise ValueError("No customer with an order: there is nothing to fit. Widen the window or check the log.")
    histories = np.stack(columns)
    valid = (
        (histories[0] >= 0) & (histories[1] >= 0) & (histories[1] <= histories[2]) & np.isfinite(histories).all(axis=0)
    )
    if not valid.all():
        example = histories[:, int(np.argmin(valid))].tolist()
        raise ValueError(
            f"{int((~valid).sum())} of {valid.size} histories are not 0 <= recency <= age with 0 or more repeats; found"
            f" repeats, recency, age = {example}. Leave out customers without an order and orders after the cutoff."
        )
    return histories
