"""Reminder rows: customers and expected spend, added up by day and category with one pass over the table (NumPy)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import numpy as np

from features.arrays import Floats, Integers, RowIndices
from features.calendar import day_from_number, day_number
from serving.audiences.estimates.horizon_columns import numbers
from serving.audiences.query.column_store import NumericColumn
from serving.audiences.query.scores_table import Columns
from serving.audiences.query.text_columns import DictionaryColumn
from serving.schemas.reminders import ReminderRow


@dataclass(frozen=True, kw_only=True)
class Grouping:
    """How rows are divided, and the conditions that all of them share."""

    day_column: str | None
    category_column: str | None
    spend_column: str | None
    first_day: date
    conditions: Sequence[Mapping[str, Any]]  # conditions of an audience filter


def reminder_rows(columns: Columns, due: RowIndices, grouping: Grouping, smallest: int) -> list[ReminderRow]:
    """One row for each group of at least ``smallest`` customers, by day, then by customers, the most first.

    Args:
        columns: the scores table.
        due: rows of the table, each with a day from the first one on where there is a column of days.
        grouping: by day, by category, or both.
        smallest: 1 or more.
    """
    category, names = _categories(columns, due, grouping)
    is_named = category >= 0
    group = _days(columns, due, grouping) * len(names) + category
    customers = np.bincount(group[is_named])
    spend = np.bincount(group[is_named], weights=_spend(columns, due, grouping)[is_named])
    rows = [
        _row(int(each) // len(names), names[int(each) % len(names)], grouping, int(customers[each]), float(spend[each]))
        for each in np.flatnonzero(customers >= smallest)
    ]
    return sorted(rows, key=lambda row: (row.day or grouping.first_day, -row.customers, row.category or ""))


def _row(day: int, category: str | None, grouping: Grouping, customers: int, spend: float) -> ReminderRow:
    on = None if grouping.day_column is None else day_from_number(day_number(grouping.first_day) + day)
    values = {grouping.day_column: None if on is None else str(on), grouping.category_column: category}
    own = [{"column": name, "equals": value} for name, value in values.items() if name is not None]
    return ReminderRow(
        day=on,
        category=category,
        customers=customers,
        expected_spend=None if grouping.spend_column is None else spend,
        filter={"all": [*own, *grouping.conditions]},
    )


def _days(columns: Columns, due: RowIndices, grouping: Grouping) -> Integers:
    """The days since the first one, (due,); 0 without a column of days."""
    if grouping.day_column is None:
        return np.zeros(len(due), np.int64)
    values = cast("NumericColumn", columns[grouping.day_column]).values[due].astype(np.int64)
    return values - day_number(grouping.first_day)


def _categories(columns: Columns, due: RowIndices, grouping: Grouping) -> tuple[Integers, Sequence[str | None]]:
    """The position of each customer's category, (due,), -1 for none, and the names; one without a name if not asked."""
    if grouping.category_column is None:
        return np.zeros(len(due), np.int64), [None]
    column = cast("DictionaryColumn", columns[grouping.category_column])
    # A table in which nobody has a category has no name; the one place then stays empty.
    return column.codes[due].astype(np.int64), column.dictionary.to_pylist() or [None]


def _spend(columns: Columns, due: RowIndices, grouping: Grouping) -> Floats:
    """The expected spend, (due,), 0 for null."""
    if grouping.spend_column is None:
        return np.zeros(len(due))
    return numbers(columns, grouping.spend_column, due)
