"""Order months: the order lines of one customer, added up by month of the shop's calendar (NumPy and pyarrow)."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa

from features.arrays import Integers
from features.calendar import day_from_number
from features.placed_orders import placed_orders
from features.views import CUSTOMER_ID
from serving.schemas.customer_history import CategoryMonth, OrderMonth

_DAY, _MONTH, _AMOUNT, _CATEGORY = "day_number", "month", "amount", "category"
Amounts = dict[Any, float | None]  # by key, in order of the first line


def history_figures(lines: pa.Table) -> dict[str, Any]:
    """The figures of ``CustomerHistory`` for the lines of one customer, at least one, with ``LINE_COLUMNS``."""
    order_days = np.sort(_integers(placed_orders(lines), _DAY))
    months = order_months(lines)
    return {
        "orders": len(order_days),
        "net_spend": sum(each.net_spend or 0.0 for each in months) if _AMOUNT in lines.column_names else None,
        "first_order_on": day_from_number(order_days[0]) if len(order_days) else None,
        "last_order_on": day_from_number(order_days[-1]) if len(order_days) else None,
        "months": months,
    }


def order_months(lines: pa.Table) -> list[OrderMonth]:
    """Every month from the first line to the last one, ascending; an order is of the month of its first line."""
    lines = lines.append_column(_MONTH, pa.array(_months(lines)))
    orders, spend = Counter(_months(placed_orders(lines)).tolist()), _net_spend(lines, [_MONTH])
    categories = _categories(lines) if _CATEGORY in lines.column_names else None
    has_amounts = _AMOUNT in lines.column_names
    return [
        OrderMonth(
            month=str(np.datetime64(month, "M")),
            orders=orders[month],
            net_spend=spend.get((month,), 0.0 if has_amounts else None),
            categories=None if categories is None else categories.get(month, []),
        )
        for month in range(min(spend)[0], max(spend)[0] + 1)
    ]


def _categories(lines: pa.Table) -> dict[int, list[CategoryMonth]]:
    """The categories of each month, by spend; the lines of an order in one category are an order too."""
    lines = lines.filter(lines[_CATEGORY].is_valid())
    by_category = lines.set_column(lines.column_names.index(CUSTOMER_ID), CUSTOMER_ID, lines[_CATEGORY])
    placed = placed_orders(by_category)
    orders = Counter(zip(_months(placed).tolist(), placed[CUSTOMER_ID].to_pylist(), strict=True))
    rows: dict[int, list[CategoryMonth]] = {}
    for (month, category), amount in _net_spend(lines, [_MONTH, _CATEGORY]).items():
        rows.setdefault(month, []).append(
            CategoryMonth(category=category, orders=orders[month, category], net_spend=amount)
        )
    for each in rows.values():
        each.sort(key=lambda row: (-(row.net_spend or 0.0), -row.orders, row.category))
    return rows


def _net_spend(lines: pa.Table, keys: list[str]) -> Amounts:
    """The exact sum of decimal amounts by keys, returns taken off; None without amounts."""
    has_amounts = _AMOUNT in lines.column_names
    sums = lines.group_by(keys).aggregate([(_AMOUNT, "sum")] if has_amounts else [])
    amounts: list[float | None] = [None] * sums.num_rows
    if has_amounts:
        amounts = [float(amount or 0) for amount in sums[f"{_AMOUNT}_sum"].to_pylist()]
    return dict(zip(zip(*(sums[key].to_pylist() for key in keys), strict=True), amounts, strict=True))


def _months(rows: pa.Table) -> Integers:
    """The month of each row's day, (n,), months since 1970."""
    days: Integers = _integers(rows, _DAY).astype("datetime64[D]")
    return days.astype("datetime64[M]").astype(np.int64)


def _integers(rows: pa.Table, name: str) -> Integers:
    values: Integers = rows[name].to_numpy().astype(np.int64)
    return values
