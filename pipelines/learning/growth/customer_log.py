"""Customer log: the placed orders, the spend and the first-order channel of a history, as arrays for growth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.arrays import Integers
from features.history import History
from features.orders import ORDER_KEYS, amount_sums, filter_placed
from training.attribution.log.history_tables import integers
from training.growth.growth_log import GrowthLog

_CHANNEL = "channel"


@dataclass(frozen=True)
class CustomerLog:
    """The growth log with the ids of its customers, and where each first ordered."""

    log: GrowthLog
    customer_ids: pa.Array  # (n,)
    first_order_at: Integers  # (n,) microseconds since 1970 UTC; a far instant without an order
    first_channel: pa.Array  # (n,) words, null where there is none


def read_customer_log(history: History) -> CustomerLog:
    """The log of the customers of a history, which is restricted to those who may be profiled."""
    lines = history.lines
    channel = {_CHANNEL: lines.channel.min()} if _CHANNEL in lines.columns else {}
    grouped = lines.group_by(ORDER_KEYS).aggregate(
        at_us=lines.at_us.min(), day=lines.day_number.min(), **channel, **amount_sums(lines)
    )
    orders = filter_placed(grouped).order_by(["at_us", *ORDER_KEYS]).to_pyarrow()
    spend = None
    if history.has_amounts:
        by_day = lines.group_by("customer_id", "day_number").aggregate(amount=lines.amount.sum().cast("float64"))
        spend = by_day.to_pyarrow()
    ids = pc.unique(orders["customer_id"] if spend is None else spend["customer_id"])
    customer = _positions(orders["customer_id"], ids)
    values = (
        None
        if spend is None
        else (_positions(spend["customer_id"], ids), integers(spend["day_number"]), spend["amount"].to_numpy())
    )
    log = GrowthLog.sort((customer, integers(orders["day"])), values)
    first_row = np.full(len(ids), orders.num_rows)
    first_row[customer[::-1]] = np.arange(orders.num_rows)[::-1]
    return CustomerLog(log, ids, _first_instants(orders, first_row), _first_channels(orders, first_row))


def _first_instants(orders: pa.Table, first_row: Integers) -> Integers:
    instants: Integers = np.append(integers(orders["at_us"]), np.iinfo(np.int64).max)[first_row]
    return instants


def _first_channels(orders: pa.Table, first_row: Integers) -> pa.Array:
    if _CHANNEL not in orders.column_names:
        return pa.nulls(len(first_row), pa.string())
    rows = pa.array(first_row, mask=first_row == orders.num_rows)
    return orders[_CHANNEL].cast(pa.string()).combine_chunks().take(rows)


def _positions(values: pa.ChunkedArray, ids: pa.Array) -> Integers:
    return integers(pc.index_in(values, value_set=ids))
