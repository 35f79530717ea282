"""Reminder back-test: checks whether customers order the categories of one week's reminders in the days announced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Floats, Integers
from training import metrics
from training.evaluation.category_backtest import CategoryBacktest
from training.inference.answers.order_waits import OrderWaits, expected_category_waits

WEEK = 7


@dataclass(frozen=True, kw_only=True)
class ReminderComparison:
    """Reminders due within a week of an origin, next to as many by a simple rule."""

    origin: str
    lines: int  # pairs of customer and category
    bought_lines: int  # lines ordered within the window
    reminders: int
    baseline: str
    measure: str
    value: float
    baseline_value: float
    low: float  # 95 % interval of our value minus the baseline's
    high: float

    @property
    def verdict(self) -> str:
        """Win, tie or loss by the paired interval."""
        return "win" if self.low > 0 else "loss" if self.high < 0 else "tie"


def compare_reminders(
    origin: str, backtest: CategoryBacktest, horizon_days: int, lead_days: int
) -> Iterator[ReminderComparison]:
    """Compare the reminders that are due in the week after an origin with as many by each simple rule.

    A reminder is due ``lead_days`` before the expected date of the next order, or today if that day is past. The week's
    reminders thus announce orders within ``lead_days`` + 7 days; a reminder is right if its category is ordered then.
    """
    window = lead_days + WEEK
    our_flags, ordered = category_waits(backtest, horizon_days) < window, backtest.rows.wait_days < window
    count = int(our_flags.sum())
    baselines = {
        "own median gap": due_by_own_gap(backtest, count),
        "days ordered so far": most_frequently_ordered(backtest, count),
    }
    for name, baseline_flags in baselines.items():
        for measure, (our_value, baseline_value, low, high) in _compare_flags(
            backtest.rows.lines.row, ordered, our_flags, baseline_flags
        ).items():
            yield ReminderComparison(
                origin=origin, lines=len(ordered), bought_lines=int(ordered.sum()), reminders=count, baseline=name,
                measure=measure, value=our_value, baseline_value=baseline_value, low=low, high=high,
            )  # fmt: skip


def category_waits(backtest: CategoryBacktest, horizon_days: int) -> Floats:
    """Return the waits that the served reminders rest on, (m,)."""
    waits, overall = (
        OrderWaits.from_forecast(forecast, horizon_days) for forecast in (backtest.forecast, backtest.forecast.overall)
    )
    return expected_category_waits(waits, overall, backtest.forecast.lines.row)


def own_gap_wait(backtest: CategoryBacktest) -> Floats:
    """Return the days until the last order plus the customer's own median gap, (m,), negative for an overdue line.

    A line without an own gap takes the general gap; it is infinite where nobody ordered the category again.
    """
    gap = np.where(np.isnan(backtest.own_gap), backtest.usual_gap, backtest.own_gap)
    return np.nan_to_num(gap, nan=np.inf) - (backtest.rows.cutoff - backtest.rows.lines.last_day)


def due_by_own_gap(backtest: CategoryBacktest, count: int) -> Booleans:
    """Flag the ``count`` lines, (m,), that are due soonest: the last order plus the customer's own median gap.

    Overdue lines count as due today, the least overdue first, because a long overdue category is less likely to be
    ordered again.
    """
    wait = own_gap_wait(backtest)
    return _first_flags(np.lexsort((np.abs(wait), np.maximum(wait, 0.0))), count)


def most_frequently_ordered(backtest: CategoryBacktest, count: int) -> Booleans:
    """Flag the ``count`` lines, (m,), with the most order days so far, old or recent."""
    return _first_flags(np.argsort(-backtest.rows.lines.days, kind="stable"), count)


def _first_flags(order: Integers, count: int) -> Booleans:
    flags = np.zeros(len(order), dtype=bool)
    flags[order[:count]] = True
    return flags


def _compare_flags(
    customer: Integers, bought: Booleans, our_flags: Booleans, baseline_flags: Booleans
) -> dict[str, tuple[float, float, float, float]]:
    """Return precision and recall: our value, the baseline's, and the interval of the difference over customers."""

    def per_customer(flags: Booleans) -> Floats:
        return np.bincount(customer, weights=flags).astype(np.float64, copy=False)

    results = {}
    for measure, denominators in (("precision", (our_flags, baseline_flags)), ("recall", (bought, bought))):
        our_counts, baseline_counts = (
            (per_customer(flags & bought), per_customer(denominator))
            for flags, denominator in zip((our_flags, baseline_flags), denominators, strict=True)
        )
        _, low, high = metrics.share_difference_interval(our_counts, baseline_counts)
        results[measure] = (
            our_counts[0].sum() / our_counts[1].sum(),
            baseline_counts[0].sum() / baseline_counts[1].sum(),
            low,
            high,
        )
    return results
