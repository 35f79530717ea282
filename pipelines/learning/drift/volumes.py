"""Daily volumes of a log: placed orders per local day, in all and by store and channel."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from features.arrays import Integers
from features.history import Cutoff, History
from features.orders import ORDER_KEYS, placed_orders
from training.monitoring.daily_volumes import EVERYTHING, MAX_GROUPS, DailyVolumes

_DIMENSIONS = ("store_id", "channel")


def daily_volumes(history: History, now: Cutoff, days: int, lag_days: int) -> DailyVolumes:
    """The volumes of the last ``days`` of which almost all orders are recorded.

    Args:
        history: the log, of which nothing from ``now`` on is read.
        now: the instant at which the known log ends.
        days: length of each series; shorter where the log begins later.
        lag_days: days that orders take to be recorded; the newest are left out.
    """
    end = now.day_number - lag_days
    known = history.before(now)
    first = known.lines.day_number.min().to_pyarrow().as_py()
    begin = end if first is None else max(end - days, first)
    counts = dict(_group_counts(known, begin, end))
    everything = counts.pop(EVERYTHING, np.zeros(end - begin, dtype=np.int64))
    largest = sorted(counts, key=lambda group: (-int(counts[group].sum()), group))[:MAX_GROUPS]
    series = {EVERYTHING: everything, **{group: counts[group] for group in largest}}
    return DailyVolumes(end=end, orders={group: tuple(values.tolist()) for group, values in series.items()})


def _group_counts(
    history: History, begin: int, end: int
) -> Iterator[tuple[str, np.ndarray[tuple[int], np.dtype[np.int64]]]]:
    """Yield each group with its orders per day; an order of several stores counts in each of them."""
    orders = placed_orders(history)
    orders = orders.filter(orders.day >= begin, orders.day < end)
    total = orders.group_by("day").aggregate(orders=orders.count()).to_pandas()
    yield EVERYTHING, _series(total, begin, end)
    for name in (name for name in _DIMENSIONS if name in history.lines.columns):
        placed = orders.join(history.lines.select("customer_id", "order_id", name).distinct(), ORDER_KEYS)
        table = placed.group_by(name, "day").aggregate(orders=placed.count()).to_pandas()
        for group, rows in table.groupby(name):
            yield f"{name}={group}", _series(rows, begin, end)


def _series(table: pd.DataFrame, begin: int, end: int) -> Integers:
    days = table["day"].to_numpy(dtype=np.int64) - begin
    return np.bincount(days, table["orders"].to_numpy(dtype=float), max(end - begin, 0)).astype(np.int64)
