"""Test data: simulated shops that sell by category, category lines and hazard tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.training.shops import TrainingShop, build_shop, cached_for_session, day, order_lines
from training.fitting.category_hazards import PERIOD_EDGES
from training.inference.categories.hazard_tables import CategoryTables, evidence_cell_count
from training.inference.categories.lines import CategoryLines

GAPS = {"bread": 6.0, "cream": 45.0, "tea": 20.0}  # days
SPAN = 300
BANDS = (5.0, 10.0)


def simulate_category_orders(customers: int, seed: int = 0, days: int = SPAN) -> pd.DataFrame:
    """Simulate orders by category: each customer needs some categories, each at an own pace, until they leave.

    One customer in twenty has returns only.
    """
    rng = np.random.default_rng(seed)
    customer_ids: list[str] = []
    days_ordered: list[float] = []
    categories: list[str] = []
    for customer in range(customers):
        start, leaves, pace = rng.uniform(0, 0.5 * days), rng.exponential(0.8 * days), rng.lognormal(0, 0.4)
        for category, gap in GAPS.items():
            if rng.random() < 0.3:
                continue
            times = start + np.cumsum(gap * pace * rng.gamma(4, 0.25, 200))
            times = times[times < min(days - 0.01, start + leaves)]
            customer_ids += [f"c{customer:04d}"] * len(times)
            days_ordered += times.tolist()
            categories += [category] * len(times)
    lines = order_lines(
        customer_ids,
        np.array(days_ordered),
        np.where([name.endswith(("07", "27", "47", "67", "87")) for name in customer_ids], -5.0, 5.0),
    )
    return lines.assign(category=categories)


@cached_for_session
def drugstore_shop() -> TrainingShop:
    """Return a shop with 400 customers of three categories over 300 days."""
    return build_shop(simulate_category_orders(400), SPAN, (30, 60), 60)


def lines_of(*histories: tuple[float, float, float, float], code: float = 1.0) -> CategoryLines:
    """Return lines of one category per customer: order days, first and last day, and order days of any kind."""
    days, first, last, order_days = np.array(histories, dtype=float).T
    return CategoryLines(
        row=np.arange(len(histories)),
        code=np.full(len(histories), code),
        days=days,
        first_day=first,
        last_day=last,
        order_days=order_days,
        mean_gap_days=np.where(order_days > 1, 10.0, np.nan),
    )


def hazard_tables(rate: float = 1.0) -> CategoryTables:
    """Return tables of two categories, with gaps of 30 and 60 days and a constant rate per expected gap."""
    hazards = ((rate,) * (len(PERIOD_EDGES) - 1) + (rate * PERIOD_EDGES[-1],),) * evidence_cell_count(BANDS)
    return CategoryTables(("tea", "cream"), (1, 7), (30.0, 60.0), 10.0, BANDS, PERIOD_EDGES, hazards)


def with_shuffled_future(lines: pd.DataFrame, number: int, seed: int = 1) -> pd.DataFrame:
    """Return the same log up to a day, with other categories on other days after it."""
    rng = np.random.default_rng(seed)
    later = lines["ordered_at"] >= pd.Timestamp(day(number), tz="UTC")
    times = rng.uniform(number, SPAN - 0.01, int(later.sum()))
    moved = order_lines(lines.loc[later, "customer_id"].tolist(), times, np.full(len(times), 5.0))
    moved = moved.assign(category=rng.permutation(lines.loc[later, "category"].to_numpy()))
    whole = pd.concat([lines[~later], moved], ignore_index=True)
    return whole.assign(order_id=[f"order {number}" for number in range(len(whole))])
