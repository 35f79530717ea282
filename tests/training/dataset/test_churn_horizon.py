"""Churn horizon: the estimate from the gaps between a customer's order days."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.logs import FEW_EXAMPLES, cutoff, history_of
from training.dataset.churn_horizon import estimate_churn_days

NEW_YEAR = date(2026, 1, 1)


def order_lines(customer: str, *days: int, paid: float = 5) -> list[tuple[str, str, float]]:
    """One order on each day; day 0 is January 1."""
    return [(customer, str(NEW_YEAR + timedelta(days=day)), paid) for day in days]


def churn_horizon(*lines: tuple[str, str, float], after: int = 360) -> int:
    return estimate_churn_days(history_of(*lines), cutoff(str(NEW_YEAR + timedelta(days=after))))


def test_customers_who_return_every_week_have_left_after_a_week() -> None:
    assert churn_horizon(*order_lines("ann", *range(0, 360, 7)), *order_lines("bob", *range(3, 360, 7))) == 7


@FEW_EXAMPLES
@given(st.dictionaries(st.sampled_from("abcdefgh"), st.sets(st.integers(0, 60), min_size=1, max_size=12), min_size=1))
def test_the_horizon_is_the_day_by_which_85_of_100_returns_have_come(shop: dict[str, set[int]]) -> None:
    after = 240
    result = churn_horizon(
        *(line for customer, days in shop.items() for line in order_lines(customer, *sorted(days))), after=after
    )
    gaps = [(later - day, True) for days in shop.values() for day, later in pairwise(sorted(days))]
    gaps += [(after - max(days), False) for days in shop.values()]
    third = (after - min(min(days) for days in shop.values())) // 3
    survival, survivals = 1.0, dict[int, float]()
    for length in sorted({length for length, _ in gaps}):
        survival *= 1 - gaps.count((length, True)) / sum(gap >= length for gap, _ in gaps)
        survivals[length] = survival

    def first_length(limit: float) -> int:
        return min([third, *(length for length, share in survivals.items() if share <= limit)])

    # Rounding decides where the survival is .15 exactly.
    assert result in {first_length(0.15 - 1e-12), first_length(0.15 + 1e-12)}


def test_open_gaps_count_as_long_as_they_last() -> None:
    regulars = [line for number in range(9) for line in order_lines(f"c{number}", *range(0, 360, 9))]
    gone = [line for number in range(40) for line in order_lines(f"gone{number}", 340)]
    assert churn_horizon(*regulars) == 9
    assert churn_horizon(*regulars, *gone) == 9  # their gaps were open, but none of them long
    once = [line for number in range(400) for line in order_lines(f"once{number}", 0)]
    assert churn_horizon(*regulars, *once) == 120


def test_the_horizon_is_at_most_a_third_of_the_history_and_two_years() -> None:
    assert churn_horizon(*order_lines("ann", 0, 100), after=150) == 50
    assert churn_horizon(*order_lines("ann", 0, 2999), after=3000) == 730


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_shop_of_a_few_days_has_a_horizon_of_a_day(after: int) -> None:
    assert churn_horizon(*order_lines("ann", 0), after=after) == 1


def test_a_shop_that_has_only_had_returns_has_a_horizon_of_a_day() -> None:
    assert churn_horizon(*order_lines("ann", 0, paid=-5)) == 1
    assert churn_horizon(*order_lines("ann", 400)) == 1


def test_a_day_with_two_orders_is_no_gap() -> None:
    twice = [line for day in range(0, 360, 7) for line in order_lines("ann", day, day)]
    assert churn_horizon(*twice) == 7


def test_what_is_not_known_yet_is_not_counted() -> None:
    history = [*order_lines("ann", *range(0, 100, 7)), *order_lines("ann", *range(100, 400))]
    assert churn_horizon(*history, after=100) == 7


def test_returns_are_no_orders_and_a_shop_without_amounts_has_only_orders() -> None:
    sent_back = [(customer, day, -5.0) for customer, day, _ in order_lines("ann", *range(3, 360, 7))]
    weekly = order_lines("ann", *range(0, 360, 7))
    assert churn_horizon(*weekly, *sent_back) == 7
    dates = [line[:2] for line in (*weekly, *sent_back)]
    history = history_of(*dates, columns=("customer_id", "ordered_at"))
    assert estimate_churn_days(history, cutoff("2026-12-27")) == 4
