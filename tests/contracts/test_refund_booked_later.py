"""Fault: a refund reaches back to the order it is for. It is known, and counts, when it is booked and not before."""

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
    """The same customer, who was given some of it back."""
    return replace(BOUGHT, lines=(*BOUGHT.lines, ("ann", when, amount, order, None, "p")))


@SIX_EXAMPLES
@given(past_logs(), st.integers(59, 120), st.sampled_from(["A1", "A2", "A3", None]))
def test_a_refund_after_the_cutoff_changes_no_feature_before_it(past: Log, booked: int, order: str | None) -> None:
    refunds = Log(tuple((who, f"{day(booked)} 00:00:00", "-19.99", order, None, "p") for who in CUSTOMERS))
    assert known_features(past.combine(refunds).history) == known_features(past.history)


def test_the_order_it_is_for_stays_an_order_until_the_refund_is_booked() -> None:
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


def test_a_refund_of_an_order_from_before_the_cutoff_is_taken_off_where_it_is_booked() -> None:
    log = log_with_refund("2026-03-04 09:30:00", "-3.00", "A1").history
    assert outcomes_after_today(log, "ann").spend[0].tolist() == [7.0, 7.0]


def test_a_window_in_which_more_was_sent_back_than_bought_is_worth_nothing_and_not_less() -> None:
    log = log_with_refund("2026-03-04 09:30:00", "-100.00", "A1").history
    assert outcomes_after_today(log, "ann", horizons=(3, 7)).spend[0].tolist() == [10.0, 0.0]


def test_a_refund_is_no_order_and_no_reason_to_take_the_customer_for_active() -> None:
    log = replace(BOUGHT, lines=(BOUGHT.lines[0], ("ann", "2026-03-04 09:30:00", "-3.00", "C1", None, "p")))
    assert outcomes_after_today(log.history, "ann").ordered_within(30)[0] == 0.0
    assert outcomes_after_today(log.history, "ann").orders[0].tolist() == [0.0, 0.0]


def test_an_order_of_the_window_stays_an_order_when_a_part_is_sent_back_later() -> None:
    seen = outcomes_after_today(log_with_refund("2026-04-20 09:30:00").history, "ann")
    assert (seen.orders[0].tolist(), seen.spend[0].tolist()) == ([1.0, 1.0], [10.0, 10.0])


@SIX_EXAMPLES
@given(lines(0, 120), st.integers(0, 120))
def test_spend_is_the_net_of_what_was_booked_in_the_window(some: list[Line], booked: int) -> None:
    every: list[Line] = [*some, ("ann", f"{day(booked)} 12:00:00", "-19.99", None, None, "p")]
    seen = outcomes_after_today(Log(tuple(every)).history, "ann", horizons=(7, 30))
    for place, horizon in enumerate((7, 30)):
        inside = [float(line[2]) for line in every if line[0] == "ann" and TODAY <= line[1] < day(59 + horizon)]
        assert seen.spend[0, place] == pytest.approx(max(sum(inside), 0.0))
