"""Visits: orders and refunds of a day, half-open windows, and histories at a cutoff."""

from __future__ import annotations

import pandas as pd

from benchmarks.accuracy.visits import Visits

LINES = pd.DataFrame(
    [
        ("ann", "a1", 0, 10.0),
        ("ann", "a2", 0, 5.0),
        ("ann", "a3", 14, 20.0),
        ("ann", "a3", 21, -20.0),
        ("bob", "b1", 7, 8.0),
        ("cid", "c1", 30, 9.0),
    ],
    columns=["customer_id", "order_id", "day", "amount"],
)
VISITS = Visits.from_lines(LINES)


def test_orders_of_one_day_are_counted_by_id_and_else_as_one() -> None:
    assert VISITS.outcomes(0, 100).orders.tolist() == [3, 1, 1]
    assert Visits.from_lines(LINES.drop(columns="order_id")).outcomes(0, 100).orders.tolist() == [2, 1, 1]


def test_a_refund_lowers_spend_and_is_no_order() -> None:
    outcomes = VISITS.outcomes(14, 10)
    assert outcomes.orders.tolist() == [1, 0, 0]
    assert outcomes.spend is not None
    assert outcomes.spend.tolist() == [0, 0, 0]


def test_a_window_begins_with_the_cutoff_and_ends_before_its_last_day() -> None:
    assert VISITS.outcomes(7, 7).ordered.tolist() == [0, 1, 0]
    assert VISITS.outcomes(7, 8).ordered.tolist() == [1, 1, 0]


def test_customers_are_known_from_the_day_after_their_first_order() -> None:
    assert VISITS.known_customers(7).tolist() == [0]
    assert VISITS.known_customers(8).tolist() == [0, 1]


def test_histories_are_in_weeks_and_count_days_with_orders() -> None:
    histories = VISITS.histories(28, VISITS.known_customers(28))
    assert histories.repeats.tolist() == [1, 0]
    assert histories.recency.tolist() == [2, 0]
    assert histories.age.tolist() == [4, 3]
    assert histories.mean_order is not None
    assert histories.mean_order.tolist() == [17.5, 8.0]
