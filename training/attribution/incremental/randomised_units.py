"""Randomised units: customers, or customers and campaigns, or touches, where chance decided whether to send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from features.arrays import Booleans, Floats, Integers
from features.calendar import DAY_US
from training.attribution.period import Period
from training.attribution.row_runs import MAX_SPAN_DAYS, run_starts, search_keys
from training.attribution.rows import DecisionRows, OrderRows, TouchRows

Level = Literal["customer", "campaign", "touch", "experiment"]
WINDOW_DAYS = 28  # of the orders that a campaign, or a single touch, may cause


@dataclass(frozen=True, kw_only=True)
class RandomisedUnits:
    """Randomised units: n draws of whether to treat, with the orders of the period that followed."""

    customer: Integers  # (n,)
    treated: Booleans  # (n,)
    probability: Floats  # (n,) of being treated; NaN where it was not logged
    orders: Floats  # (n,) from the draw until the end of its window or of the period, half-open
    level: Level

    def __len__(self) -> int:
        return len(self.customer)


def touch_units(touches: TouchRows, orders: OrderRows, period: Period) -> RandomisedUnits:
    """The units of the touches of one channel, or of one campaign, in the period.

    The unit is the coarsest at which nobody was treated at one time and not at another: the customer, where hold-outs
    last for the period; else the customer and campaign; else the single touch. A unit begins with its first row, so a
    hold-out needs a row for each touch that was withheld. A customer's window is the rest of the period, others have
    ``WINDOW_DAYS``.
    """
    rows = touches.select(period.contains(touches.day) & ~touches.in_experiment)
    level, first = _coarsest_units(rows)
    limit = MAX_SPAN_DAYS if level == "customer" else WINDOW_DAYS
    units = rows.select(first)
    return RandomisedUnits(
        customer=units.customer,
        treated=units.treated,
        probability=units.probability,
        orders=orders_in_windows(units.customer, units.at, np.full(len(units), limit), orders, period),
        level=level,
    )


def decision_units(decisions: DecisionRows, orders: OrderRows, period: Period) -> RandomisedUnits:
    """The units of the decisions of experiments in the period, each with the window of its experiment."""
    rows = decisions.select(period.contains(decisions.day))
    return RandomisedUnits(
        customer=rows.customer,
        treated=rows.treated,
        probability=rows.probability,
        orders=orders_in_windows(rows.customer, rows.at, rows.window_days, orders, period),
        level="experiment",
    )


def orders_in_windows(
    customer: Integers, at: Integers, window_days: Integers, orders: OrderRows, period: Period
) -> Floats:
    """The number of each customer's orders of the period in ``[at, at + window_days)``, (n,)."""
    inside = orders.select(period.contains(orders.day))
    if not len(inside):
        return np.zeros(len(customer))
    origin = min(int(inside.at.min()), int(at.min()) if len(at) else 0)
    keys, start = search_keys(inside.customer, inside.at, origin), search_keys(customer, at, origin)
    stop = np.minimum(start + window_days * DAY_US // 1000, search_keys(customer + 1, np.full(len(at), origin), origin))
    first, last = (np.searchsorted(keys, limit, side="left") for limit in (start, stop))
    counts: Floats = (last - first).astype(np.float64)
    return counts


def _coarsest_units(rows: TouchRows) -> tuple[Level, Integers]:
    """The level of the units, and the position of the first row of each."""
    levels: Sequence[tuple[Level, tuple[Integers, ...]]] = (
        ("customer", (rows.customer,)),
        ("campaign", (rows.customer, rows.campaign)),
    )
    for level, keys in levels:
        # Rows are ordered by customer and instant already, and a stable sort keeps the instants in order.
        sequence = np.lexsort(keys[::-1]) if len(keys) > 1 else np.arange(len(rows))
        starts = run_starts(*(key[sequence] for key in keys))
        if _is_constant(rows.treated[sequence], starts):
            return level, sequence[starts]
    return "touch", np.arange(len(rows))


def _is_constant(flags: Booleans, starts: Integers) -> bool:
    """Whether the flags of each run are all the same."""
    if not len(flags):
        return True
    same: Booleans = np.logical_and.reduceat(flags, starts) == np.logical_or.reduceat(flags, starts)
    return bool(same.all())
