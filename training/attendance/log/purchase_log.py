"""Purchase log: the orders of a history as daily purchases, for the customers whose data may be analysed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.arrays import Integers
from features.calendar import DAY_US
from features.errors import NotEnoughData
from features.placed_orders import placed_orders
from training.attendance.panel.daily_purchases import DailyPurchases
from training.experiments.sequential.maturity import recording_lag_us

ORDER_KEYS = ("customer_id", "order_id", "day_number")
AllowedIds = Callable[[Sequence[str]], Sequence[str]]  # those of the ids whose data may be analysed


@dataclass(frozen=True, kw_only=True)
class PurchaseLog:
    """Purchases of customers, whose position in ``customer_ids`` is their number."""

    customer_ids: pa.Array  # ascending
    purchases: DailyPurchases
    has_amounts: bool
    lag_days: int  # within which 99 % of the lines are recorded

    @property
    def mature_day(self) -> int:
        """The day after the last one whose orders are all but recorded, days since 1970."""
        return self.purchases.end_day - self.lag_days

    def positions(self, customer_ids: pa.ChunkedArray) -> Integers:
        """The numbers of customers, (n,); -1 for those who never ordered, or may not be analysed."""
        positions = pc.fill_null(pc.index_in(customer_ids, value_set=self.customer_ids), -1)
        numbers: Integers = positions.to_numpy().astype(np.int64)
        return numbers


def read_purchases(orders: pq.ParquetFile, end_day: int, allowed_ids: AllowedIds) -> PurchaseLog:
    """The purchases before a day, read one row group at a time.

    Args:
        orders: the table of order lines.
        end_day: local day since 1970; lines of this day and later ones are left out.
        allowed_ids: selects the customers whose data may be analysed.

    Raises:
        NotEnoughData: there is no order line of such a customer before that day.
    """
    names = set(orders.schema_arrow.names)
    parts = [
        _sum_by_order(orders.read_row_group(group, columns=_columns(names)), names, end_day)
        for group in range(orders.num_row_groups)
    ]
    keys = [name for name in ORDER_KEYS if name in names]
    lines = _group(pa.concat_tables(parts), keys)
    unique_ids = pc.unique(lines["customer_id"])
    ids = pa.array(sorted(allowed_ids(unique_ids.to_pylist())), pa.string())
    lines = lines.filter(pc.is_in(lines["customer_id"], value_set=ids))
    if not lines.num_rows:
        raise NotEnoughData(
            "Found no order before the day asked about, of a customer whose data may be analysed. Expected at least "
            "one: check the consents, and the dates of the log."
        )
    orders_placed = placed_orders(lines)
    day = np.concatenate([_integers(rows["day_number"]) for rows in (lines, orders_placed)])
    customer = np.concatenate([_integers(pc.index_in(rows["customer_id"], ids)) for rows in (lines, orders_placed)])
    # A return is booked on its own day, and an order that was sent back in full is none on any day.
    is_order = np.arange(len(day)) >= lines.num_rows
    amount = np.append(lines["amount"].to_numpy(), np.zeros(orders_placed.num_rows))
    days = (int(day.min()), int(day.max()) + 1)
    return PurchaseLog(
        customer_ids=ids,
        purchases=DailyPurchases.sort(len(ids), customer, day, amount, is_order.astype(float), days),
        has_amounts="amount" in names,
        lag_days=_lag_days(orders, names),
    )


def _integers(column: pa.ChunkedArray) -> Integers:
    values: Integers = column.to_numpy().astype(np.int64)
    return values


def _columns(names: set[str]) -> list[str]:
    return [name for name in (*ORDER_KEYS, "amount") if name in names]


def _sum_by_order(table: pa.Table, names: set[str], end_day: int) -> pa.Table:
    """The lines of a row group by order and day, with the sum of their amounts and whether any differs from 0."""
    table = table.filter(pc.less(table["day_number"], end_day))
    amounts = table["amount"].cast(pa.float64()) if "amount" in names else pa.array(np.ones(table.num_rows))
    table = table.select([name for name in ORDER_KEYS if name in names])
    table = table.append_column("amount", amounts).append_column("nonzero", pc.not_equal(amounts, 0.0))
    return _group(table, table.column_names[:-2])


def _group(table: pa.Table, keys: list[str]) -> pa.Table:
    grouped = table.group_by(keys).aggregate([("amount", "sum"), ("nonzero", "any")])
    return grouped.rename_columns([name.removesuffix("_sum").removesuffix("_any") for name in grouped.column_names])


def _lag_days(orders: pq.ParquetFile, names: set[str]) -> int:
    """The 99 % quantile of the time from an order to its recording, in whole days; 0 where it is not logged."""
    if "recorded_at" not in names:
        return 0
    table = orders.read(columns=["ordered_at", "recorded_at"]).drop_null()
    ordered, recorded = (_integers(table[name].cast(pa.int64())) for name in ("ordered_at", "recorded_at"))
    return -(-recording_lag_us(ordered, recorded) // DAY_US)
