"""Shops that sell by category: who needs what how often, and what they ordered of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.training.shops import TrainingShop, build_shop, day, order_lines, shared
from training.fitting.category_hazards import PERIOD_EDGES
from training.inference.categories.hazard_tables import CategoryTables, evidence_cell_count
from training.inference.categories.lines import CategoryLines

GAPS = {"bread": 6.0, "cream": 45.0, "tea": 20.0}  # days
SPAN = 300
BANDS = (5.0, 10.0)


def simulate_category_orders(customers: int, seed: int = 0, days: int = SPAN) -> pd.DataFrame:
    """Each customer needs some of the categories, each at a pace of their own, and one day nothing more.

    One in twenty is known from returns alone.
    """
    rng = np.random.default_rng(seed)
    who: list[str] = []
    when: list[float] = []
    what: list[str] = []
    for customer in range(customers):
        joined, leaves, pace = rng.uniform(0, 0.5 * days), rng.exponential(0.8 * days), rng.lognormal(0, 0.4)
        for category, gap in GAPS.items():
            if rng.random() < 0.3:
                continue
            times = joined + np.cumsum(gap * pace * rng.gamma(4, 0.25, 200))
            times = times[times < min(days - 0.01, joined + leaves)]
            who += [f"c{customer:04d}"] * len(times)
            when += times.tolist()
            what += [category] * len(times)
    lines = order_lines(
        who, np.array(when), np.where([one.endswith(("07", "27", "47", "67", "87")) for one in who], -5.0, 5.0)
    )
    return lines.assign(category=what)


@shared
def drugstore_shop() -> TrainingShop:
    """400 customers of three categories over 300 days."""
    return build_shop(simulate_category_orders(400), SPAN, (30, 60), 60)


def lines_of(*held: tuple[float, float, float, float], code: float = 1.0) -> CategoryLines:
    """Customers with one category each: days of it, its first and last day, days of any kind ten days apart."""
    days, first, last, order_days = np.array(held, dtype=float).T
    return CategoryLines(
        row=np.arange(len(held)),
        code=np.full(len(held), code),
        days=days,
        first_day=first,
        last_day=last,
        order_days=order_days,
        mean_gap_days=np.where(order_days > 1, 10.0, np.nan),
    )


def hazard_tables(rate: float = 1.0) -> CategoryTables:
    """One category of every 30 days, ordered at a constant rate per expected gap, and another of 60."""
    hazards = ((rate,) * (len(PERIOD_EDGES) - 1) + (rate * PERIOD_EDGES[-1],),) * evidence_cell_count(BANDS)
    return CategoryTables(("tea", "cream"), (1, 7), (30.0, 60.0), 10.0, BANDS, PERIOD_EDGES, hazards)


def with_shuffled_future(lines: pd.DataFrame, number: int, seed: int = 1) -> pd.DataFrame:
    """The same log up to a day; after it everybody orders other categories on other days."""
    rng = np.random.default_rng(seed)
    later = lines["ordered_at"] >= pd.Timestamp(day(number), tz="UTC")
    times = rng.uniform(number, SPAN - 0.01, int(later.sum()))
    moved = order_lines(lines.loc[later, "customer_id"].tolist(), times, np.full(len(times), 5.0))
    moved = moved.assign(category=rng.permutation(lines.loc[later, "category"].to_numpy()))
    whole = pd.concat([lines[~later], moved], ignore_index=True)
    return whole.assign(order_id=[f"order {number}" for number in range(len(whole))])
