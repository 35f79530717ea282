"""Person-period table: one row per customer and period still without an order, the data of a discrete-time hazard."""

from __future__ import annotations

import numpy as np

from features.arrays import Floats, Integers
from training.dataset.outcomes import Outcomes
from training.dataset.plan import HorizonPlan
from training.inference.forecast import LAST_DAY

TARGET_PERIODS = 13


def period_edges(outcomes: Outcomes, plan: HorizonPlan) -> Floats:
    """Period edges in days, ascending: about equally many orders each, and an edge at every learned horizon."""
    followed = float(np.quantile(outcomes.follow_days, 0.8)) if len(outcomes.follow_days) else 0.0
    last = min(max(float(plan.learned[-1]), followed), LAST_DAY)
    order_days = outcomes.wait_days[outcomes.wait_days < np.minimum(outcomes.follow_days, last)]
    inner = (
        np.ceil(np.quantile(order_days, np.linspace(0, 1, TARGET_PERIODS)[1:-1])) if len(order_days) else np.array([])
    )
    edges: Floats = np.unique(np.concatenate([[0.0], inner, np.asarray(plan.learned, dtype=float), [last]]))
    return edges[edges <= last]


def person_periods(outcomes: Outcomes, edges: Floats) -> tuple[Integers, Integers, Floats]:
    """Row index, period index and event (1 for an order), (m,) each, for every finished period a customer entered.

    Singer & Willett (1993), "It's about time: using discrete-time survival analysis".
    """
    start, end = edges[:-1], edges[1:]
    entered = outcomes.wait_days[:, None] >= start
    finished = outcomes.follow_days[:, None] >= end
    row, period = np.nonzero(entered & finished)
    return row, period, (outcomes.wait_days[row] < end[period]).astype(float)
