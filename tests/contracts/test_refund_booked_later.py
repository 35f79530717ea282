"""Fault: a refund reaches back to its order. It is known, and counts, from its booking on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.generated import (
    CUSTOMERS,
    LATER,
    SIX_EXAMPLES,
    TODAY,
    Line,
    Log,
    day,
    known_features,
    lines,
    outcomes_after_today,
    past_logs,
)

BOUGHT = Log(
    (
        ("ann", "2026-02-20 09:30:00", "100.00", "A1", None, "p"),
        ("ann", "2026-03-02 09:30:00", "10.00", "A2", None, "p"),
    )
)


def log_with_refund(when: str, amount: str = "-4.00", order: str | None = "A2") -> Log:
    """The same customer with a partial refund."""
    return replace(BOUGHT, lines=(*BOUGHT.lines, ("ann", when, amount, order, None, "p")))


@pytest.mark.slow
@SIX_EXAMPLES
@given(past_logs(), st.integers(59, 120), st.sampled_from(["A1", "A2", "A3", None]))
def test_a_refund_after_the_cutoff_changes_no_feature_before_it(past: Log, refund_day: int, order: str | None) -> None:
    refunds = Log(
        tuple((customer, f"{day(refund_day)} 00:00:00", "-19.99", order, None, "p") for customer in CUSTOMERS)
    )
    assert known_features(past.combine(refunds).history) == known_features(past.history)


@pytest.mark.slow
def test_a_refunded_order_stays_an_order_until_the_booking() -> None:
    log = log_with_refund("2026-03-05 09:30:00", "-100.00", "A1").history
    assert (
        known_features(log)["ann"]["orders"],
        known_features(log)["ann"]["spend"],
        known_features(log)["ann"]["returned"],
    ) == (1.0, 100.0, 0.0)
    assert (known_features(log, LATER)["ann"]["orders"], known_features(log, LATER)["ann"]["returned"]) == (1.0, 100.0)


@pytest.mark.parametrize(
    ("when", "week", "month"),
    [
        ("2026-02-28 23:59:59.999999", 10.0, 10.0),
        ("2026-03-01 00:00:00", 6.0, 6.0),
        ("2026-03-07 23:59:59.999999", 6.0, 6.0),
        ("2026-03-08 00:00:00", 10.0, 6.0),
        ("2026-03-30 23:59:59.999999", 10.0, 6.0),
        ("2026-03-31 00:00:00", 10.0, 10.0),
    ],
)
def test_a_refund_lowers_the_windows_it_is_booked_in_and_no_other(when: str, week: float, month: float) -> None:
    assert outcomes_after_today(log_with_refund(when).history, "ann").spend[0].tolist() == [week, month]


def test_a_refund_of_an_earlier_order_is_deducted_at_its_booking() -> None:
    log = log_with_refund("2026-03-04 09:30:00", "-3.00", "A1").history
    assert outcomes_after_today(log, "ann").spend[0].tolist() == [7.0, 7.0]


def test_a_window_with_more_refunds_than_orders_has_zero_spend() -> None:
    log = log_with_refund("2026-03-04 09:30:00", "-100.00", "A1").history
    assert outcomes_after_today(log, "ann", horizons=(3, 7)).spend[0].tolist() == [10.0, 0.0]


def test_a_refund_is_no_order_and_no_activity() -> None:
    log = replace(BOUGHT, lines=(BOUGHT.lines[0], ("ann", "2026-03-04 09:30:00", "-3.00", "C1", None, "p")))
    assert outcomes_after_today(log.history, "ann").ordered_within(30)[0] == 0.0
    assert outcomes_after_today(log.history, "ann").orders[0].tolist() == [0.0, 0.0]


def test_an_order_stays_an_order_after_a_later_partial_refund() -> None:
    outcomes = outcomes_after_today(log_with_refund("2026-04-20 09:30:00").history, "ann")
    assert (outcomes.orders[0].tolist(), outcomes.spend[0].tolist()) == ([1.0, 1.0], [10.0, 10.0])


@SIX_EXAMPLES
@given(lines(0, 120), st.integers(0, 120))
def test_spend_is_the_net_revenue_of_the_window(log_lines: list[Line], refund_day: int) -> None:
    every: list[Line] = [*log_lines, ("ann", f"{day(refund_day)} 12:00:00", "-19.99", None, None, "p")]
    outcomes = outcomes_after_today(Log(tuple(every)).history, "ann", horizons=(7, 30))
    for index, horizon in enumerate((7, 30)):
        inside = [float(line[2]) for line in every if line[0] == "ann" and TODAY <= line[1] < day(59 + horizon)]
        assert outcomes.spend[0, index] == pytest.approx(max(sum(inside), 0.0))
