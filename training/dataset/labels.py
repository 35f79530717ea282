"""Labels: outcomes in half-open windows; features see ``[.., cutoff)``, labels see ``[cutoff, cutoff + horizon)``."""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from features.arrays import Floats, Integers
from features.calendar import DAY_US, micros
from features.history import Cutoff, History, cutoff_table
from features.orders import placed_orders
from training.dataset.outcomes import Outcomes

ROW_KEY = ["customer_id", "position"]


def in_window(day: ir.IntegerColumn, cutoff_day: ir.IntegerColumn, horizon: int) -> ir.BooleanValue:
    """Whether a local day lies in ``[cutoff, cutoff + horizon)``."""
    return (day >= cutoff_day) & (day < cutoff_day + horizon)


def outcomes(
    rows: pd.DataFrame, cutoffs: Sequence[Cutoff], history: History, limit: Cutoff, horizons: Sequence[int]
) -> Outcomes:
    """Outcomes of each row between its cutoff and the limit, (n,) or (n, horizons); nothing from the limit on is read.

    Args:
        rows: customer_id and position, the index of the row's cutoff in ``cutoffs``.
        cutoffs: the instants that end the features and start the labels.
        history: the canonical log.
        limit: the instant at which the known log ends.
        horizons: days.
    """
    log, cutoff_rows = history.before(limit), cutoff_table(cutoffs)
    position = rows["position"].to_numpy()
    cutoff_day = np.array([cutoff.day_number for cutoff in cutoffs])[position]
    cutoff_us = np.array([micros(cutoff.timestamp) for cutoff in cutoffs])[position]
    follow = (limit.day_number - cutoff_day).astype(float)
    finished = follow[:, None] >= np.asarray(horizons)
    order_table = rows.merge(
        _orders_after_cutoffs(log, cutoff_rows, horizons).to_pandas(), on=ROW_KEY, how="left", sort=False
    )
    spend = np.full((len(rows), len(horizons)), np.nan)
    if history.has_amounts:
        spend_table = rows.merge(
            _spend_after_cutoffs(log, cutoff_rows, horizons).to_pandas(), on=ROW_KEY, how="left", sort=False
        )
        spend = np.where(finished, np.maximum(_horizon_columns(spend_table, "spend", horizons), 0.0), np.nan)
    return Outcomes(
        wait_days=_wait_days(order_table, cutoff_day, cutoff_us),
        follow_days=follow,
        horizons=tuple(horizons),
        orders=np.where(finished, _horizon_columns(order_table, "orders", horizons), np.nan),
        spend=spend,
    )


def orders_by_day(history: History, limit: Cutoff) -> Floats:
    """Orders known before the limit on each local day from the log's first one to the limit, (2, days).

    The first row counts all orders, the second those of customers with an order on an earlier day.
    """
    orders = placed_orders(history.before(limit))
    orders = orders.mutate(again=orders.day > orders.day.min().over(group_by="customer_id"))
    counted = orders.group_by("day").aggregate(placed=orders.count(), again=orders.again.sum()).to_pandas()
    first = int(counted["day"].min()) if len(counted) else limit.day_number
    counts = np.zeros((2, limit.day_number - first))
    counts[:, counted["day"].to_numpy(np.int64) - first] = counted[["placed", "again"]].to_numpy(float).T
    return counts


def _orders_after_cutoffs(history: History, when: ir.Table, horizons: Sequence[int]) -> ir.Table:
    orders = placed_orders(history)
    after = orders.join(when, orders.day >= when.cutoff_day)
    counts = {f"orders_{days}": in_window(after.day, after.cutoff_day, days).sum() for days in horizons}
    return after.group_by(*ROW_KEY).aggregate(next_us=after.at_us.min(), next_day=after.day.min(), **counts)


def _spend_after_cutoffs(history: History, when: ir.Table, horizons: Sequence[int]) -> ir.Table:
    lines = history.lines
    daily = lines.group_by("customer_id", "day_number").aggregate(amount=lines.amount.sum())
    after = daily.join(when, [daily.day_number >= when.cutoff_day, daily.day_number < when.cutoff_day + max(horizons)])
    sums = {
        f"spend_{days}": after.amount.sum(where=in_window(after.day_number, after.cutoff_day, days)).cast("float64")
        for days in horizons
    }
    return after.group_by(*ROW_KEY).aggregate(**sums)


def _wait_days(orders: pd.DataFrame, cutoff_day: Integers, cutoff_us: Integers) -> Floats:
    whole = orders["next_day"].to_numpy(float) - cutoff_day
    exact = (orders["next_us"].to_numpy(float) - cutoff_us) / DAY_US
    # Where the clocks change a local day is not 24 hours long; the calendar day decides.
    return np.where(np.isnan(whole), np.inf, np.clip(exact, whole, whole + 1 - 1e-6))


def _horizon_columns(table: pd.DataFrame, name: str, horizons: Sequence[int]) -> Floats:
    return table[[f"{name}_{days}" for days in horizons]].to_numpy(float, na_value=0.0)
