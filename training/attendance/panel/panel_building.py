"""Panel building: from attendances and daily purchases to the stacked panel of cohorts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from features.arrays import Floats, Integers
from training.attendance.panel.daily_purchases import DailyPurchases
from training.attendance.panel.panel import WEEK, WEEKS_BEFORE, AttendancePanel
from training.attendance.panel.purchase_covariates import purchase_covariates

Outcome = Literal["spend", "orders"]
MAX_ATTENDEES = 2_000  # more would narrow an interval that is narrow already, and take long
MAX_COMPARISON_ROWS = 20_000  # of all cohorts
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

    Customers are in it from the day after their first purchase on. Attendees beyond MAX_ATTENDEES and comparison
    customers beyond MAX_COMPARISON_ROWS are left out at random.

    Args:
        purchases: of all customers.
        attendances: the first of each customer; nobody is compared with them.
        counted: positions of the attendances whose effect is asked.
        outcome: what is measured.
        within_days: length of the window that begins with the index day, days.
    """
    rng = np.random.default_rng(0)  # the same question has the same answer
    customer, day = attendances.customer[counted], attendances.day[counted]
    eligible = np.flatnonzero(purchases.first_purchase[customer] < day)
    if len(eligible) > MAX_ATTENDEES:
        eligible = np.sort(rng.choice(eligible, MAX_ATTENDEES, replace=False))
    customer, day = customer[eligible], day[eligible]
    cohort = np.unique((day + _MONDAY) // WEEK, return_inverse=True)[1]
    never = np.setdiff1d(np.arange(purchases.customers), attendances.customer)
    others = _comparison_rows(purchases, never, day, cohort, rng)
    customer, day, cohort = (np.concatenate(parts) for parts in zip((customer, day, cohort), others, strict=True))
    return _panel(purchases, (customer, day, cohort), len(eligible), outcome, within_days)


def _comparison_rows(
    purchases: DailyPurchases, never: Integers, day: Integers, cohort: Integers, rng: np.random.Generator
) -> tuple[Integers, Integers, Integers]:
    """Customers who never attended, with a day of the cohort's attendees and the cohort, for each cohort."""
    cohorts = int(cohort.max()) + 1 if len(cohort) else 0
    limit = max(MIN_COHORT_ROWS, MAX_COMPARISON_ROWS // max(cohorts, 1))
    rows = [(np.empty(0, np.int64),) * 3]
    for position in range(cohorts):
        sample = never if len(never) <= limit else rng.choice(never, limit, replace=False)
        days = rng.choice(day[cohort == position], len(sample))
        known = purchases.first_purchase[sample] < days
        rows.append((sample[known], days[known], np.full(int(known.sum()), position)))
    customers, index_days, cohorts_of_rows = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    return customers, index_days, cohorts_of_rows


def _panel(
    purchases: DailyPurchases,
    rows: tuple[Integers, Integers, Integers],
    attendees: int,
    outcome: Outcome,
    within_days: int,
) -> AttendancePanel:
    """The panel of customers, index days and cohorts; the first rows are the attendees."""
    customer, day, cohort = rows
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
