"""Reminder dates: which expected date is closer to the next order, and whose reminders come shortly before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.targeting.reminders import category_waits, own_gap_wait
from features.arrays import Booleans, Floats, Integers
from training import metrics
from training.evaluation.backtest import Backtest
from training.inference.answers.order_waits import OrderWaits
from training.models.next_purchase import own_median_gap_wait

SERVED, MEDIAN, CONDITIONAL, OWN_GAP = "remind_on", "p50", "p50_if_within", "own median gap"
ERROR, PRECISION, RECALL = "days of error", "precision", "recall"
COMPARISONS = (
    (ERROR, CONDITIONAL, MEDIAN),
    (ERROR, CONDITIONAL, OWN_GAP),
    (PRECISION, SERVED, MEDIAN),
    (PRECISION, SERVED, CONDITIONAL),
    (PRECISION, SERVED, OWN_GAP),
    (RECALL, SERVED, MEDIAN),
)


@dataclass(frozen=True, kw_only=True)
class ReminderDates:
    """Expected waits of m lines, customers or their categories, by several rules, and the days until the orders."""

    lines: str  # any order, or per category
    customer: Integers  # (m,) from 0
    wait_days: Floats  # (m,) whole days until the next order, infinite without one
    expected: Mapping[str, Floats]  # rule -> expected wait in days, (m,)
    horizon_days: int
    lead_days: int

    @property
    def came(self) -> Booleans:
        """Lines with an order within the horizon, (m,)."""
        return self.wait_days < self.horizon_days

    def reminder_flags(self, rule: str) -> Booleans:
        """Lines that the rule expects within the horizon, and so reminds of, (m,)."""
        return self.expected[rule] < self.horizon_days

    def error_days(self, rule: str) -> tuple[Floats, Floats]:
        """Error of the date, no further than the horizon, and the lines that came; summed per customer."""
        date = np.floor(np.minimum(self.expected[rule], self.horizon_days))
        error = np.abs(date - np.where(self.came, self.wait_days, 0.0))
        return self._per_customer(error * self.came), self._per_customer(self.came)

    def precision(self, rule: str) -> tuple[Floats, Floats]:
        """Reminders at most ``lead_days`` before the order, and all reminders; counted per customer."""
        return self._per_customer(self._in_time(rule)), self._per_customer(self.reminder_flags(rule))

    def recall(self, rule: str) -> tuple[Floats, Floats]:
        """Orders with a reminder at most ``lead_days`` before, and all within the horizon; counted per customer."""
        return self._per_customer(self._in_time(rule) & self.came), self._per_customer(self.came)

    def _in_time(self, rule: str) -> Booleans:
        announced = self.reminder_flags(rule)
        reminder = np.maximum(np.floor(np.where(announced, self.expected[rule], 0.0)) - self.lead_days, 0.0)
        in_time: Booleans = (reminder <= self.wait_days) & (self.wait_days <= reminder + self.lead_days)
        return announced & in_time

    def _per_customer(self, values: Floats | Booleans) -> Floats:
        return np.bincount(self.customer, weights=values).astype(np.float64, copy=False)


@dataclass(frozen=True, kw_only=True)
class DateComparison:
    """One measure of two rules on the same lines."""

    lines: str
    count: int  # lines
    came: int  # of them with an order within the horizon
    measure: str
    rule: str
    value: float
    reminders: int
    other: str
    other_value: float
    other_reminders: int
    low: float  # 95 % interval of how much better the rule is than the other
    high: float

    @property
    def verdict(self) -> str:
        """Win, tie or loss by the paired interval."""
        return "win" if self.low > 0 else "loss" if self.high < 0 else "tie"


def reminder_dates(test: Backtest, lead_days: int) -> Iterator[ReminderDates]:
    """Yield the expected waits at an origin, for the next order of any kind and per category."""
    days, forecast = test.plan.evaluated_churn_days, next(iter(test.forecasts.values()))
    waits = OrderWaits.from_forecast(forecast, days)
    yield ReminderDates(
        lines="any order",
        customer=np.arange(len(test.rows)),
        wait_days=np.floor(test.rows.outcomes.wait_days),
        expected=_waits_by_rule(waits, waits.expected_wait, own_median_gap_wait(test.rows, test.plan)),
        horizon_days=days,
        lead_days=lead_days,
    )
    if test.categories is not None:
        lines = OrderWaits.from_forecast(test.categories.forecast, days)
        yield ReminderDates(
            lines="per category",
            customer=test.categories.forecast.lines.row,
            wait_days=test.categories.rows.wait_days,
            expected=_waits_by_rule(
                lines, category_waits(test.categories, days), np.maximum(own_gap_wait(test.categories), 0.0)
            ),
            horizon_days=days,
            lead_days=lead_days,
        )


def _waits_by_rule(waits: OrderWaits, served: Floats, own_gap: Floats) -> dict[str, Floats]:
    conditional = np.nan_to_num(waits.median_if_within, nan=np.inf)
    return {SERVED: served, MEDIAN: waits.median, CONDITIONAL: conditional, OWN_GAP: own_gap}


def compare_dates(dates: ReminderDates) -> Iterator[DateComparison]:
    """Compare the rules by every measure; the interval is a paired bootstrap over customers."""
    measures: Mapping[str, Callable[[str], tuple[Floats, Floats]]] = {
        ERROR: dates.error_days, PRECISION: dates.precision, RECALL: dates.recall,
    }  # fmt: skip
    for measure, rule, other in COMPARISONS:
        shares = measures[measure](rule), measures[measure](other)
        _, low, high = metrics.share_difference_interval(*shares)
        value, other_value = (parts.sum() / max(wholes.sum(), 1.0) for parts, wholes in shares)
        yield DateComparison(
            lines=dates.lines, count=len(dates.wait_days), came=int(dates.came.sum()), measure=measure,
            rule=rule, value=value, reminders=int(dates.reminder_flags(rule).sum()),
            other=other, other_value=other_value, other_reminders=int(dates.reminder_flags(other).sum()),
            low=-high if measure == ERROR else low, high=-low if measure == ERROR else high,
        )  # fmt: skip
