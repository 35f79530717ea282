"""How long a silence is churn, where the business leaves it to the log."""

from __future__ import annotations

import ibis
import numpy as np

from features.history import Cutoff, History

RETURN_SHARE = 0.85


def estimate_churn_days(history: History, as_of: Cutoff) -> int:
    """The days by which 85 % of repeat orders have come, at most a third of the history.

    Kaplan & Meier (1958) over the gaps between days with an order, so that gaps still open count as long as they are.
    """
    known = history.before(as_of)
    lines = known.lines
    amount = {"amount": lines.amount.sum()} if known.has_amounts else {}
    orders = lines.group_by("customer_id", "order_id").aggregate(day=lines.day_number.min(), **amount)
    orders = orders.filter(orders.amount > 0) if known.has_amounts else orders
    days = orders.select("customer_id", "day").distinct()
    following = days.day.lead().over(ibis.window(group_by="customer_id", order_by="day"))
    gaps = days.mutate(gap=ibis.coalesce(following, as_of.day_number) - days.day, closed=following.notnull())
    table = gaps.group_by("gap").aggregate(came=gaps.closed.sum(), all=gaps.count()).order_by("gap").to_pandas()
    if table.empty:
        return 1
    at_risk = table["all"].sum() - table["all"].cumsum().shift(fill_value=0)
    survival = np.cumprod(1 - table["came"] / at_risk)
    reached = table["gap"][survival <= 1 - RETURN_SHARE]
    first, _ = known.day_range()
    longest = max((as_of.day - first).days // 3, 1)
    return int(min(reached.iloc[0] if len(reached) else longest, longest, 730)) or 1
