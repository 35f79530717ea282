"""Households: the purchases of Complete Journey, read as the product reads them, and who attends a planted class."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np

from benchmarks.datasets import LOGS
from features.arrays import Floats, Integers
from features.calendar import day_number
from pipelines.home import Home
from training.attendance.log.open_tables import open_tables
from training.attendance.log.purchase_log import read_purchases
from training.attendance.panel.daily_purchases import DailyPurchases

Reason = Literal["random", "loyal", "loyal and active", "about to buy"]
REASONS: tuple[Reason, ...] = ("random", "loyal", "loyal and active", "about to buy")
ATTENDEES = 360
WITHIN_DAYS = 84
PAST_DAYS, RECENT_DAYS, SOON_DAYS = 168, 14, 28
_STRENGTHS: dict[Reason, tuple[float, float, float]] = {  # of past spend, recent orders and spend soon after
    "random": (0, 0, 0),
    "loyal": (1, 0, 0),
    "loyal and active": (0.8, 0.8, 0),
    "about to buy": (0.8, 0.8, 0.8),
}


def open_home(work: Path, report: Callable[[str], None]) -> Home:
    """The home of Complete Journey below a folder, with its history."""
    log = next(log for log in LOGS if log.name == "complete-journey")
    return log.run_context(work, report).home


def read_households(home: Home) -> DailyPurchases:
    """The purchases of all households in the whole log."""
    log = next(log for log in LOGS if log.name == "complete-journey")
    with open_tables(home.history, ("orders",)) as tables:
        return read_purchases(tables["orders"], day_number(log.as_of) + 1, lambda customer_ids: customer_ids).purchases


def random_day(purchases: DailyPurchases, rng: np.random.Generator) -> int:
    """The day of a class, with the past and the window inside the log."""
    return int(rng.integers(purchases.first_day + PAST_DAYS, purchases.end_day - WITHIN_DAYS + 1))


def inclination(purchases: DailyPurchases, reason: Reason, day: int) -> Floats:
    """The log odds of attending a class on a day, up to a constant; minus infinity before the first purchase, (c,)."""
    every = np.arange(purchases.customers)
    past = _logarithm(purchases, purchases.spend, every, day - PAST_DAYS, day)
    recent = _logarithm(purchases, purchases.orders, every, day - RECENT_DAYS, day)
    soon = _logarithm(purchases, purchases.spend, every, day, day + SOON_DAYS)
    strengths = _STRENGTHS[reason]
    logit = strengths[0] * past + strengths[1] * recent + strengths[2] * soon
    return np.where(purchases.first_purchase < day, logit, -np.inf)


def draw_attendees(logit: Floats, rng: np.random.Generator) -> Integers:
    """The households that attend, by odds without replacement, (360,)."""
    return np.sort(np.argsort(-(logit + rng.gumbel(size=len(logit))))[:ATTENDEES])


def _logarithm(purchases: DailyPurchases, values: Floats, customer: Integers, start: int, end: int) -> Floats:
    """The standardised logarithm of what happened in ``[start, end)``, (c,)."""
    days = (np.full(len(customer), start), np.full(len(customer), end))
    logarithm = np.log1p(np.maximum(purchases.window_sums(values, customer, *days), 0))
    scaled: Floats = (logarithm - logarithm.mean()) / logarithm.std()
    return scaled
