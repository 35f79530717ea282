"""Are customers reminded of the categories that they then buy? A week's reminders against the orders of its window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Floats, Integers
from training import metrics
from training.evaluation.category_backtest import CategoryBacktest

WEEK = 7


@dataclass(frozen=True, kw_only=True)
class ReminderComparison:
    """Reminders due within a week of an origin, beside as many by a simple rule."""

    origin: str
    lines: int  # pairs of customer and category
    bought_lines: int  # those bought within the window
    reminders: int
    baseline: str
    measure: str
    ours: float
    theirs: float
    low: float  # 95 % interval of ours less theirs
    high: float

    @property
    def verdict(self) -> str:
        """Win, tie or loss, by the paired interval."""
        return "win" if self.low > 0 else "loss" if self.high < 0 else "tie"


def compare_reminders(origin: str, backtest: CategoryBacktest, lead_days: int) -> Iterator[ReminderComparison]:
    """Reminders of the week from an origin on, judged by the days that they point at.

    A reminder comes ``lead_days`` before the median date, and not before today, so that a week's reminders point at the
    ``lead_days`` + 7 days from the origin on. Right is one whose category is ordered within these.
    """
    window = lead_days + WEEK
    ours, came = backtest.forecast.wait_quantiles((0.5,))[:, 0] < window, backtest.rows.wait_days < window
    count = int(ours.sum())
    rivals = {
        "own median gap": due_by_own_gap(backtest, count),
        "days ordered so far": most_frequently_ordered(backtest, count),
    }
    for name, theirs in rivals.items():
        for measure, (mine, other, low, high) in _compare_flags(backtest.rows.lines.row, came, ours, theirs).items():
            yield ReminderComparison(
                origin=origin, lines=len(came), bought_lines=int(came.sum()), reminders=count, baseline=name,
                measure=measure, ours=mine, theirs=other, low=low, high=high,
            )  # fmt: skip


def due_by_own_gap(backtest: CategoryBacktest, count: int) -> Booleans:
    """So many lines, (m,), that are due soonest by the last order plus the customer's own median gap, else everybody's.

    Of those that are overdue, which are due today, the least overdue come first: the others seem to have given it up.
    """
    gap = np.where(np.isnan(backtest.own_gap), backtest.usual_gap, backtest.own_gap)
    wait = np.nan_to_num(gap, nan=np.inf) - (backtest.rows.cutoff - backtest.rows.lines.last_day)
    return _first_flags(np.lexsort((np.abs(wait), np.maximum(wait, 0.0))), count)


def most_frequently_ordered(backtest: CategoryBacktest, count: int) -> Booleans:
    """So many lines, (m,), that the customer ordered on the most days, however long ago."""
    return _first_flags(np.argsort(-backtest.rows.lines.days, kind="stable"), count)


def _first_flags(order: Integers, count: int) -> Booleans:
    chosen = np.zeros(len(order), dtype=bool)
    chosen[order[:count]] = True
    return chosen


def _compare_flags(
    customer: Integers, bought: Booleans, ours: Booleans, theirs: Booleans
) -> dict[str, tuple[float, float, float, float]]:
    """Ours, theirs and the interval of the difference, customers redrawn whole."""

    def per(flags: Booleans) -> Floats:
        return np.bincount(customer, weights=flags).astype(np.float64, copy=False)

    found = {}
    for measure, wholes in (("precision", (ours, theirs)), ("recall", (bought, bought))):
        mine, other = ((per(flags & bought), per(whole)) for flags, whole in zip((ours, theirs), wholes, strict=True))
        _, low, high = metrics.share_difference_interval(mine, other)
        found[measure] = (mine[0].sum() / mine[1].sum(), other[0].sum() / other[1].sum(), low, high)
    return found
