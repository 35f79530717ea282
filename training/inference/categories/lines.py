"""Category lines: the past orders of a category as one line per customer and category, from stored lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Floats, Integers
from features.online.feature_rows import FeatureRows, RaggedList

LIST_COLUMNS = ("category_codes", "category_days", "category_first_day", "category_last_day")


@dataclass(frozen=True, kw_only=True)
class CategoryLines:
    """Category lines, ordered by customer; each array is (m,)."""

    row: Integers  # the customer's row in the request
    code: Floats
    days: Floats  # local days with an order in the category
    first_day: Floats  # days since 1970
    last_day: Floats  # days since 1970
    order_days: Floats  # the customer's local days with an order of any kind
    mean_gap_days: Floats  # between these; NaN before the second one

    def __len__(self) -> int:
        return len(self.row)

    def select(self, selection: Booleans | Integers) -> CategoryLines:
        """Return the lines that a mask or an index array selects."""
        return CategoryLines(**{name: values[selection] for name, values in vars(self).items()})


def lines_from_features(stored: FeatureRows) -> CategoryLines | None:
    """Return the lines of the known customers; None where the log has no categories."""
    if any(name not in stored.lists for name in LIST_COLUMNS):
        return None
    lines = build_lines(stored.lists, stored.column("order_days"), stored.column("mean_gap_days"))
    return lines if stored.known.all() else lines.select(stored.known[lines.row])


def build_lines(lists: Mapping[str, RaggedList], order_days: Floats, mean_gap_days: Floats) -> CategoryLines:
    """Build the lines of n customers from their stored lists and two columns, each (n,)."""
    row = np.repeat(np.arange(len(order_days)), np.diff(lists[LIST_COLUMNS[0]].offsets))
    code, days, first_day, last_day = (lists[name].values for name in LIST_COLUMNS)
    return CategoryLines(
        row=row,
        code=code,
        days=days,
        first_day=first_day,
        last_day=last_day,
        order_days=order_days[row],
        mean_gap_days=mean_gap_days[row],
    )
