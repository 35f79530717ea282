"""Reminder dates: errors and reminders of four orders by hand, and who is better by them."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.targeting.reminder_dates import (
    CONDITIONAL,
    ERROR,
    MEDIAN,
    OWN_GAP,
    PRECISION,
    SERVED,
    ReminderDates,
    compare_dates,
)

NEVER = float("inf")


def dates_of(waits: list[float], actual: list[float], customer: list[int] | None = None) -> ReminderDates:
    """Return the dates of one rule under every name; within 30 days, reminders come 5 days before."""
    return ReminderDates(
        lines="any order",
        customer=np.array(customer or range(len(actual))),
        wait_days=np.array(actual),
        expected={name: np.array(waits) for name in (SERVED, MEDIAN, CONDITIONAL, OWN_GAP)},
        horizon_days=30,
        lead_days=5,
    )


def test_the_error_is_of_those_who_came_and_no_date_is_later_than_the_horizon() -> None:
    errors, came = dates_of([12.7, 400.0, NEVER, 3.0], [10.0, 29.0, 20.0, NEVER]).error_days(MEDIAN)
    assert errors.tolist() == [2.0, 1.0, 10.0, 0.0]
    assert came.tolist() == [1.0, 1.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("expected", "actual", "in_time"),
    [(12.0, 7.0, 1.0), (12.0, 12.0, 1.0), (12.0, 6.0, 0.0), (12.0, 13.0, 0.0), (2.0, 5.0, 1.0), (2.0, 6.0, 0.0)],
)
def test_a_reminder_is_right_up_to_lead_days_before_the_order_and_none_is_sent_before_today(
    expected: float, actual: float, in_time: float
) -> None:
    right, reminders = dates_of([expected], [actual]).precision(MEDIAN)
    assert (right[0], reminders[0]) == (in_time, 1.0)


def test_an_order_that_is_expected_beyond_the_horizon_has_no_reminder() -> None:
    dates = dates_of([30.0, NEVER, 29.0], [27.0, 29.0, 28.0])
    assert [part.tolist() for part in dates.precision(MEDIAN)] == [[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]
    assert [part.tolist() for part in dates.recall(MEDIAN)] == [[0.0, 0.0, 1.0], [1.0, 1.0, 1.0]]


def test_the_lines_of_a_customer_are_counted_together() -> None:
    errors, came = dates_of([10.0, 20.0, 5.0], [11.0, 18.0, 5.0], customer=[0, 0, 1]).error_days(MEDIAN)
    assert (errors.tolist(), came.tolist()) == ([3.0, 0.0], [2.0, 1.0])


def test_the_rule_with_the_smaller_error_and_the_more_reminders_in_time_wins() -> None:
    actual = np.tile([6.0, 12.0, 18.0, 24.0], 50)
    early, exact = np.full(200, 1.0), actual
    dates = ReminderDates(
        lines="any order", customer=np.arange(200), wait_days=actual,
        expected={SERVED: exact, CONDITIONAL: exact, MEDIAN: early, OWN_GAP: exact}, horizon_days=30, lead_days=5,
    )  # fmt: skip
    rows = {(row.measure, row.other): row for row in compare_dates(dates)}
    error, precision = rows[ERROR, MEDIAN], rows[PRECISION, MEDIAN]
    assert (error.value, error.other_value, error.verdict) == (0.0, 14.0, "win")
    assert (precision.value, precision.other_value, precision.verdict) == (1.0, 0.0, "win")
    assert rows[ERROR, OWN_GAP].verdict == "tie"
