from __future__ import annotations

import numpy as np
from numpy.testing import assert_array_equal

from training.attendance.panel.daily_purchases import DailyPurchases
from training.attendance.panel.panel import AttendancePanel
from training.attendance.panel.panel_building import Attendances, Outcome, build_panel

FIRST, CLASS, END = 10_000, 10_084, 10_200
ATTENDEE, OTHER, STRANGER, EARLIER_ATTENDEE = range(4)


def panel(
    *purchases: tuple[int, int, float], outcome: Outcome = "spend", counted: tuple[int, ...] = (0,)
) -> AttendancePanel:
    """The panel of one class on day CLASS, from purchases as customer, day and amount."""
    customer, day, spend = (np.array(column) for column in zip(*purchases, strict=True))
    daily = DailyPurchases.sort(4, customer, day, spend.astype(float), np.ones(len(day)), (FIRST, END))
    attendances = Attendances(customer=np.array([ATTENDEE, EARLIER_ATTENDEE]), day=np.array([CLASS, CLASS - 30]))
    return build_panel(daily, attendances, np.array(counted), outcome, 14)


KNOWN = ((ATTENDEE, FIRST, 1.0), (OTHER, FIRST, 1.0), (EARLIER_ATTENDEE, FIRST, 1.0))


def test_purchases_of_the_day_of_attendance_are_in_the_window_and_not_before_it() -> None:
    rows = panel(*KNOWN, (ATTENDEE, CLASS - 1, 10.0), (ATTENDEE, CLASS, 20.0), (ATTENDEE, CLASS + 14, 40.0))
    assert rows.before[0].tolist() == [1.0, *[0.0] * 10, 10.0]
    assert rows.after[0] == 20.0 * 7 / 14


def test_the_outcome_may_be_orders() -> None:
    rows = panel(*KNOWN, (ATTENDEE, CLASS - 1, 10.0), (ATTENDEE, CLASS + 1, 20.0), outcome="orders")
    assert (rows.before[0, -1], rows.after[0]) == (1.0, 0.5)


def test_nobody_is_compared_who_ever_attended_or_had_not_ordered_before() -> None:
    rows = panel(*KNOWN, (STRANGER, CLASS, 5.0))
    assert_array_equal(rows.customer, [ATTENDEE, OTHER])
    assert_array_equal(rows.attended, [True, False])


def test_an_attendee_who_had_not_ordered_before_is_left_out() -> None:
    rows = panel((ATTENDEE, CLASS, 9.0), (OTHER, FIRST, 1.0), (EARLIER_ATTENDEE, FIRST, 1.0), counted=(0, 1))
    assert_array_equal(rows.customer, [EARLIER_ATTENDEE, OTHER])


def test_a_comparison_customer_has_the_index_day_of_an_attendee_of_the_week() -> None:
    rows = panel(*KNOWN, (OTHER, CLASS - 1, 3.0), (OTHER, CLASS, 4.0))
    assert (rows.before[1, -1], rows.after[1]) == (3.0, 2.0)


def test_attendances_of_two_weeks_are_two_cohorts() -> None:
    rows = panel(*KNOWN, counted=(0, 1))
    assert_array_equal(rows.cohort, [1, 0, 0, 1])
    assert_array_equal(rows.customer, [ATTENDEE, EARLIER_ATTENDEE, OTHER, OTHER])
