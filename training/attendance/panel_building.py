"""Panel building: from attendances and daily purchases to the stacked panel of cohorts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from features.arrays import Floats, Integers
from training.attendance.daily_purchases import DailyPurchases
from training.attendance.panel import WEEK, WEEKS_BEFORE, AttendancePanel
from training.attendance.purchase_covariates import purchase_covariates

Outcome = Literal["spend", "orders"]
MAX_COMPARISON_ROWS = 40_000  # of all cohorts; more customers would not narrow the interval of an attendee
MIN_COHORT_ROWS = 500
_MONDAY = 3  # 1970 began on a Thursday


@dataclass(frozen=True, kw_only=True)
class Attendances:
    """Attendances, a rows in the order of their days."""

    customer: Integers  # (a,)
    day: Integers  # (a,) local days since 1970

    def select(self, rows: Integers) -> Attendances:
        """Some of the attendances."""
        return Attendances(customer=self.customer[rows], day=self.day[rows])


def build_panel(
    purchases: DailyPurchases, attendances: Attendances, counted: Integers, outcome: Outcome, within_days: int
) -> AttendancePanel:
    """The stacked panel of attendees and of customers who never attended.

    Customers are in it from the day after their first purchase on. Comparison customers beyond MAX_COMPARISON_ROWS are
    left out at random.

    Args:
        purchases: of all customers.
        attendances: the first of each customer; nobody is compared with them.
        counted: positions of the attendances whose effect is asked.
        outcome: what is measured.
        within_days: length of the window that begins with the index day, days.
    """
    rng = np.random.default_rng(0)  # the same question has the same answer
    never = np.setdiff1d(np.arange(purchases.customers), attendances.customer)
    customer, day = attendances.customer[counted], attendances.day[counted]
    known = purchases.first_purchase[customer] < day
    customer, day = customer[known], day[known]
    week, cohort = np.unique((day + _MONDAY) // WEEK, return_inverse=True)
    limit = max(MIN_COHORT_ROWS, MAX_COMPARISON_ROWS // max(len(week), 1))
    others, other_days, other_cohorts = [], [], []
    for position in range(len(week)):
        sample = never if len(never) <= limit else rng.choice(never, limit, replace=False)
        days = rng.choice(day[cohort == position], len(sample))
        known = purchases.first_purchase[sample] < days
        others.append(sample[known])
        other_days.append(days[known])
        other_cohorts.append(np.full(int(known.sum()), position))
    return _panel(
        purchases,
        np.concatenate([customer, *others]),
        np.concatenate([day, *other_days]),
        np.concatenate([cohort, *other_cohorts]),
        len(customer),
        (outcome, within_days),
    )


def _panel(
    purchases: DailyPurchases,
    customer: Integers,
    day: Integers,
    cohort: Integers,
    attendees: int,
    question: tuple[Outcome, int],
) -> AttendancePanel:
    outcome, within_days = question
    spend, orders = (weekly_sums(purchases, values, customer, day) for values in (purchases.spend, purchases.orders))
    after_orders = purchases.window_sums(purchases.orders, customer, day, day + within_days)
    after = after_orders
    if outcome == "spend":
        after = purchases.window_sums(purchases.spend, customer, day, day + within_days)
    return AttendancePanel(
        customer=customer,
        cohort=cohort,
        attended=np.arange(len(customer)) < attendees,
        before=spend if outcome == "spend" else orders,
        after=after * WEEK / within_days,
        converted=after_orders > 0,
        covariates=purchase_covariates(spend, orders),
    )


def weekly_sums(purchases: DailyPurchases, values: Floats, customer: Integers, day: Integers) -> Floats:
    """The sums of ``values`` in the 12 weeks before each index day, the oldest first, (n, 12)."""
    columns = [
        purchases.window_sums(values, customer, day - WEEK * weeks, day - WEEK * (weeks - 1))
        for weeks in range(WEEKS_BEFORE, 0, -1)
    ]
    return np.column_stack(columns)
