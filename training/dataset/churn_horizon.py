"""Churn horizon: the number of days without an order that counts as churn, estimated from the log."""

from __future__ import annotations

import ibis
import numpy as np

from features.history import Cutoff, History
from features.orders import placed_orders
from training.outliers import OutlierFence

RETURN_SHARE = 0.85


def estimate_churn_days(history: History, as_of: Cutoff) -> int:
    """Estimate the days within which 85 % of repeat orders come, at most a third of the history and two years.

    Kaplan & Meier (1958) over the gaps between a customer's order days; a gap that is still open is censored. All gaps
    of an id with implausibly many weigh together as many as are plausible.
    """
    log = history.before(as_of)
    days = placed_orders(log).select("customer_id", "day").distinct()
    following = days.day.lead().over(ibis.window(group_by="customer_id", order_by="day"))
    gaps = days.mutate(
        gap=ibis.coalesce(following, as_of.day_number) - days.day,
        closed=following.notnull(),
        own=days.count().over(group_by="customer_id"),
    )
    counted = gaps.group_by("own", "gap").aggregate(came=gaps.closed.sum(), all=gaps.count()).to_pandas()
    if counted.empty:
        return 1
    own, customers = counted["own"].to_numpy(float), counted.groupby("own")["all"].sum()
    customers = customers // customers.index
    fence = OutlierFence.from_values(np.repeat(customers.index.to_numpy(float), customers))
    table = counted[["came", "all"]].mul(fence.winsorize(own) / own, axis=0).groupby(counted["gap"]).sum()
    at_risk = table["all"].sum() - table["all"].cumsum().shift(fill_value=0)
    survival = np.cumprod(1 - table["came"] / at_risk)
    candidates = table.index[survival <= 1 - RETURN_SHARE]
    first, _ = log.day_range()
    longest = max((as_of.day - first).days // 3, 1)
    return int(min(candidates[0] if len(candidates) else longest, longest, 730)) or 1
