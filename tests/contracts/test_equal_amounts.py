"""Fault: SUM(DISTINCT amount). Two lines, or two orders, of the same amount are two."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.generated import CUSTOMERS, SIX_EXAMPLES, Line, Log, day, known_features, outcomes_after_today


def order_line(when: str, order: str | None, who: str = "ann", amount: str = "10.00") -> Line:
    return who, when, amount, order, None, "p"


def test_two_equal_lines_of_one_order_both_count() -> None:
    log = Log((order_line("2026-02-01 09:30:00", "A1"), order_line("2026-02-01 09:30:00", "A1"), order_line("2026-03-02 09:30:00", "A2"),
               order_line("2026-03-02 09:30:00", "A2")))  # fmt: skip
    found, seen = known_features(log.history)["ann"], outcomes_after_today(log.history, "ann")
    assert (found["orders"], found["spend"], found["mean_order"], found["lines_per_order"]) == (1.0, 20.0, 20.0, 2.0)
    assert (seen.orders[0, 0], seen.spend[0, 0]) == (1.0, 20.0)


def test_two_equal_orders_at_the_same_instant_both_count() -> None:
    log = Log((order_line("2026-02-20 09:30:00", "A1"), order_line("2026-02-20 09:30:00", "A2"), order_line("2026-03-02 09:30:00", "A3"),
               order_line("2026-03-02 09:30:00", "A4")))  # fmt: skip
    found, seen = known_features(log.history)["ann"], outcomes_after_today(log.history, "ann")
    assert (found["orders"], found["spend"], found["mean_order"]) == (2.0, 20.0, 10.0)
    assert (found["orders_14d"], found["spend_14d"], found["spend_56d"]) == (2.0, 20.0, 20.0)
    assert (seen.orders[0, 0], seen.spend[0, 0]) == (2.0, 20.0)


def test_equal_days_with_equal_spend_both_count() -> None:
    log = Log((order_line("2026-02-19 09:30:00", None), order_line("2026-02-20 09:30:00", None), order_line("2026-03-02 09:30:00", None),
               order_line("2026-03-03 09:30:00", None)))  # fmt: skip
    found, seen = known_features(log.history)["ann"], outcomes_after_today(log.history, "ann")
    assert (found["orders"], found["spend"], found["spend_14d"], found["order_days"]) == (2.0, 20.0, 20.0, 2.0)
    assert (seen.orders[0, 0], seen.spend[0, 0]) == (2.0, 20.0)


def test_equal_refunds_are_both_taken_off() -> None:
    back = order_line("2026-03-03 09:30:00", "C1", amount="-4.00")
    log = Log((order_line("2026-03-02 09:30:00", "A1"), back, back))
    assert outcomes_after_today(log.history, "ann").spend[0, 0] == 2.0


@SIX_EXAMPLES
@given(
    st.lists(st.tuples(st.sampled_from(CUSTOMERS), st.integers(40, 75), st.sampled_from(["5.00", "10.00"])), min_size=1)
)
def test_money_adds_up_line_by_line(some: list[tuple[str, int, str]]) -> None:
    log = Log(tuple(order_line(f"{day(number)} 09:30:00", "A1", who, amount) for who, number, amount in some))
    before, after = Counter[str](), Counter[str]()
    for who, number, amount in some:
        (before if number < 59 else after)[who] += int(float(amount))
    found, seen = known_features(log.history), outcomes_after_today(log.history, horizons=(30,))
    assert {who: row["spend"] for who, row in found.items()} == pytest.approx(dict(before))
    assert seen.spend[:, 0].tolist() == [float(after[who]) for who in CUSTOMERS]
