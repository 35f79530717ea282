"""Horizon columns: the columns of the scores table with an expectation over a number of days."""

from __future__ import annotations

import re
from typing import cast

import numpy as np

from features.arrays import Floats, RowIndices
from serving.audiences.query.column_store import NumericColumn
from serving.audiences.query.column_types import ColumnKind
from serving.audiences.query.scores_table import Columns

CHURN_PROBABILITY, CHURN_DAYS = "churn_probability", "churn_horizon_days"
_PURCHASE_COLUMN, _SPEND_COLUMN = re.compile(r"purchase_probability_(\d+)d"), re.compile(r"ltv_(\d+)d_mean")


def purchase_columns(columns: Columns) -> dict[int, str]:
    """Return, by horizon in days, the column with the probability of an order within it."""
    by_horizon = _columns_by_horizon(columns, _PURCHASE_COLUMN)
    if len(columns) and is_number(columns, CHURN_PROBABILITY) and is_number(columns, CHURN_DAYS):
        by_horizon.setdefault(int(numbers(columns, CHURN_DAYS, np.zeros(1, np.intp))[0]), CHURN_PROBABILITY)
    return {days: name for days, name in by_horizon.items() if days > 0}


def nearest_purchase_column(columns: Columns, days: int) -> tuple[int, str] | None:
    """Return the nearest horizon of a purchase probability, of two equally near ones the shorter, and its column."""
    by_horizon = purchase_columns(columns)
    if not by_horizon:
        return None
    nearest = min(by_horizon, key=lambda horizon: (abs(horizon - days), horizon))
    return nearest, by_horizon[nearest]


def purchase_probabilities(columns: Columns, name: str, rows: RowIndices) -> Floats:
    """Return the probabilities of an order of some rows (n,), from the column of purchases or that of churn."""
    return numbers(columns, name, rows, churn=name == CHURN_PROBABILITY)


def spend_columns(columns: Columns) -> dict[int, str]:
    """Return, by horizon in days, the column with the expected spend within it."""
    return _columns_by_horizon(columns, _SPEND_COLUMN)


def orders_column(columns: Columns, days: int) -> str | None:
    """Return the column with the expected orders within a horizon; None without one."""
    name = f"expected_orders_{days}d"
    return name if is_number(columns, name) else None


def numbers(columns: Columns, name: str, rows: RowIndices, *, churn: bool = False) -> Floats:
    """Return the numbers of some rows, 0 for nulls; with ``churn`` 1 minus the number."""
    column = numeric_column(columns, name)
    values = column.values[rows].astype(np.float64, copy=False)
    if churn:
        values = 1.0 - values
    return values if column.nulls is None else np.where(column.nulls[rows], 0.0, values)


def is_number(columns: Columns, name: str) -> bool:
    """Return whether the table has a column of numbers with this name."""
    return name in columns and columns.column_types[name].kind is ColumnKind.NUMBER


def numeric_column(columns: Columns, name: str) -> NumericColumn:
    """Return a column of numbers."""
    return cast("NumericColumn", columns[name])


def _columns_by_horizon(columns: Columns, pattern: re.Pattern[str]) -> dict[int, str]:
    matches = [pattern.fullmatch(name) for name in columns.column_types]
    return {int(match[1]): match[0] for match in matches if match is not None and is_number(columns, match[0])}
