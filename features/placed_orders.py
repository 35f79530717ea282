"""Placed orders: which order lines of the history are a placed order, with pyarrow alone (``orders`` says the same)."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from features.views import CUSTOMER_ID

_ORDER, _AMOUNT, _NONZERO = "order_id", "amount", "nonzero"
_MIN_THREADED_ROWS = 50_000  # below which threads cost more than they save


def placed_orders(lines: pa.Table) -> pa.Table:
    """One row per placed order: customer_id, and day_number and at_us of its first line.

    Placed is what sums to more than 0, or has no amount other than 0; without amounts every order is. Without an order
    id, all lines of a customer and day are one order.

    Args:
        lines: customer_id, day_number and, where there are any, order_id, at_us and amount. Lines may be added up by
            order before, with ``nonzero``: whether any amount of the row differs from 0.
    """
    times = [name for name in ("day_number", "at_us") if name in lines.column_names]
    keyed = lines.select([CUSTOMER_ID, *times]).append_column("order", _order_ids(lines))
    measures = [(name, "min") for name in times]
    if _AMOUNT in lines.column_names:
        amounts = pc.fill_null(pc.cast(lines[_AMOUNT], pa.float64()), 0.0)
        nonzero = lines[_NONZERO] if _NONZERO in lines.column_names else pc.not_equal(amounts, 0.0)
        keyed = keyed.append_column(_AMOUNT, amounts).append_column(_NONZERO, nonzero)
        measures += [(_AMOUNT, "sum"), (_NONZERO, "any")]
    grouped = keyed.group_by([CUSTOMER_ID, "order"], use_threads=keyed.num_rows >= _MIN_THREADED_ROWS)
    orders = grouped.aggregate(measures)
    if _AMOUNT in lines.column_names:
        orders = orders.filter(pc.or_(pc.greater(orders["amount_sum"], 0.0), pc.invert(orders["nonzero_any"])))
    return pa.table({CUSTOMER_ID: orders[CUSTOMER_ID], **{name: orders[f"{name}_min"] for name in times}})


def _order_ids(lines: pa.Table) -> pa.ChunkedArray:
    by_day = pc.binary_join_element_wise("day", pc.cast(lines["day_number"], pa.string()), " ")
    return pc.coalesce(pc.cast(lines[_ORDER], pa.string()), by_day) if _ORDER in lines.column_names else by_day
