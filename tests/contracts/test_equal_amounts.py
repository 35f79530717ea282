"""Fault: SUM(DISTINCT amount). Two lines, or two orders, of the same amount count twice."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.generated import CUSTOMERS, SIX_EXAMPLES, Line, Log, day, known_features, outcomes_after_today


def order_line(when: str, order: str | None, customer: str = "ann", amount: str = "10.00") -> Line:
    return customer, when, amount, order, None, "p"


def test_two_equal_lines_of_one_order_both_count() -> None:
    past, future = order_line("2026-02-01 09:30:00", "A1"), order_line("2026-03-02 09:30:00", "A2")
    log = Log((past, past, future, future))
    features, outcomes = known_features(log.history)["ann"], outcomes_after_today(log.history, "ann")
    assert (features["orders"], features["spend"], features["mean_order"], features["lines_per_order"]) == (
        1.0,
        20.0,
        20.0,
        2.0,
    )
    assert (outcomes.orders[0, 0], outcomes.spend[0, 0]) == (1.0, 20.0)


def test_two_equal_orders_at_the_same_instant_both_count() -> None:
    past = [order_line("2026-02-20 09:30:00", order) for order in ("A1", "A2")]
    future = [order_line("2026-03-02 09:30:00", order) for order in ("A3", "A4")]
    log = Log((*past, *future))
    features, outcomes = known_features(log.history)["ann"], outcomes_after_today(log.history, "ann")
    assert (features["orders"], features["spend"], features["mean_order"]) == (2.0, 20.0, 10.0)
    assert (features["orders_14d"], features["spend_14d"], features["spend_56d"]) == (2.0, 20.0, 20.0)
    assert (outcomes.orders[0, 0], outcomes.spend[0, 0]) == (2.0, 20.0)


def test_equal_days_with_equal_spend_both_count() -> None:
    days = ("2026-02-19", "2026-02-20", "2026-03-02", "2026-03-03")
    log = Log(tuple(order_line(f"{day} 09:30:00", None) for day in days))
    features, outcomes = known_features(log.history)["ann"], outcomes_after_today(log.history, "ann")
    assert (features["orders"], features["spend"], features["spend_14d"], features["order_days"]) == (
        2.0,
        20.0,
        20.0,
        2.0,
    )
    assert (outcomes.orders[0, 0], outcomes.spend[0, 0]) == (2.0, 20.0)


def test_equal_refunds_are_both_taken_off() -> None:
    back = order_line("2026-03-03 09:30:00", "C1", amount="-4.00")
    log = Log((order_line("2026-03-02 09:30:00", "A1"), back, back))
    assert outcomes_after_today(log.history, "ann").spend[0, 0] == 2.0


@pytest.mark.slow
@SIX_EXAMPLES
@given(
    st.lists(st.tuples(st.sampled_from(CUSTOMERS), st.integers(40, 75), st.sampled_from(["5.00", "10.00"])), min_size=1)
)
def test_money_adds_up_line_by_line(payments: list[tuple[str, int, str]]) -> None:
    log = Log(
        tuple(order_line(f"{day(number)} 09:30:00", "A1", customer, amount) for customer, number, amount in payments)
    )
    before, after = Counter[str](), Counter[str]()
    for customer, number, amount in payments:
        (before if number < 59 else after)[customer] += int(float(amount))
    features, outcomes = known_features(log.history), outcomes_after_today(log.history, horizons=(30,))
    assert {customer: row["spend"] for customer, row in features.items()} == pytest.approx(dict(before))
    assert outcomes.spend[:, 0].tolist() == [float(after[customer]) for customer in CUSTOMERS]
