"""Order months: the order lines of one customer, added up by month of the shop's calendar (NumPy and pyarrow)."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.arrays import Integers
from features.calendar import day_from_number
from features.placed_orders import placed_orders
from features.views import CUSTOMER_ID

MAX_CATEGORIES = 5  # with the most orders
_DAY, _MONTH, _AMOUNT, _CATEGORY = "day_number", "month", "amount", "category"
Figures = dict[str, Any]  # a body of the schema: it validates a whole history in a tenth of the time of its parts
Amounts = dict[Any, float | None]  # by key, in order of the first line


def history_figures(lines: pa.Table) -> Figures:
    """The figures of ``CustomerHistory`` for the lines of one customer, at least one, with ``LINE_COLUMNS``."""
    figures = timeline_figures(lines)
    if _CATEGORY in lines.column_names:
        by_month = _categories_by_month(lines)
        for month in figures["months"]:
            month["categories"] = by_month.get(month["month"], [])
    return figures


def timeline_figures(lines: pa.Table) -> Figures:
    """The same figures without the categories of each month, in a third of the time."""
    placed = placed_orders(lines)
    order_days = np.sort(_integers(placed, _DAY))
    months = _order_months(lines, placed)
    return {
        "orders": len(order_days),
        "net_spend": sum(each["net_spend"] or 0.0 for each in months) if _AMOUNT in lines.column_names else None,
        "first_order_on": day_from_number(order_days[0]) if len(order_days) else None,
        "last_order_on": day_from_number(order_days[-1]) if len(order_days) else None,
        "months": months,
        "categories": _most_ordered(lines),
    }


def _order_months(lines: pa.Table, placed: pa.Table) -> list[Figures]:
    """Every month from the first line to the last one, ascending; an order is of the month of its first line."""
    lines = lines.append_column(_MONTH, pa.array(_months(lines)))
    orders, spend = Counter(_months(placed).tolist()), _net_spend(lines, [_MONTH])
    nothing = 0.0 if _AMOUNT in lines.column_names else None
    return [
        {
            "month": _month_name(month),
            "orders": orders[month],
            "net_spend": spend.get((month,), nothing),
            "categories": None,
        }
        for month in range(min(spend)[0], max(spend)[0] + 1)
    ]


def _most_ordered(lines: pa.Table) -> list[Figures] | None:
    """The categories with the most orders over all months, ``MAX_CATEGORIES`` at most; None without categories."""
    if _CATEGORY not in lines.column_names:
        return None
    counts = pc.value_counts(_placed_by_category(lines)[CUSTOMER_ID]).to_pylist()
    ranked = sorted(counts, key=lambda count: (-count["counts"], count["values"]))
    return [{"category": each["values"], "orders": each["counts"]} for each in ranked[:MAX_CATEGORIES]]


def _categories_by_month(lines: pa.Table) -> dict[str, list[Figures]]:
    """The categories of each month, by spend."""
    placed = _placed_by_category(lines)
    orders = Counter(zip(_months(placed).tolist(), placed[CUSTOMER_ID].to_pylist(), strict=True))
    lines = lines.filter(lines[_CATEGORY].is_valid())
    lines = lines.append_column(_MONTH, pa.array(_months(lines)))
    rows: dict[str, list[Figures]] = {}
    for (month, category), amount in _net_spend(lines, [_MONTH, _CATEGORY]).items():
        row = {"category": category, "orders": orders[month, category], "net_spend": amount}
        rows.setdefault(_month_name(month), []).append(row)
    for each in rows.values():
        each.sort(key=lambda row: (-(row["net_spend"] or 0.0), -row["orders"], row["category"]))
    return rows


def _placed_by_category(lines: pa.Table) -> pa.Table:
    """Placed orders with the category as the customer: the lines of an order in one category are an order too."""
    lines = lines.filter(lines[_CATEGORY].is_valid())
    return placed_orders(lines.set_column(lines.column_names.index(CUSTOMER_ID), CUSTOMER_ID, lines[_CATEGORY]))


def _month_name(month: int) -> str:
    return str(np.datetime64(month, "M"))


def _net_spend(lines: pa.Table, keys: list[str]) -> Amounts:
    """The exact sum of decimal amounts by keys, returns taken off; None without amounts."""
    has_amounts = _AMOUNT in lines.column_names
    sums = lines.group_by(keys, use_threads=False).aggregate([(_AMOUNT, "sum")] if has_amounts else [])
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
