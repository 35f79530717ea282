"""Labels: the outcome of a customer in the window [cutoff, cutoff + horizon), and in no instant outside of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.calendar import day_from_number
from features.history import Cutoff, History
from tests.logs import FEW_EXAMPLES, cutoff, history_of
from training.dataset.labels import orders_by_day, outcomes
from training.dataset.outcomes import Outcomes

MARCH = "2026-03-01"
ORDERED = ("customer_id", "ordered_at", "amount", "order_id")


def outcomes_from_march(
    history: History, *customers: str, limit: str = "2026-12-01", horizons: Sequence[int] = (7,), zone: str = "UTC"
) -> Outcomes:
    """Outcomes of customers from March 1 on."""
    rows = pd.DataFrame({"customer_id": list(customers or ("ann",)), "position": 0})
    return outcomes(rows, [cutoff(MARCH, zone)], history, cutoff(limit, zone), horizons)


def test_an_order_at_the_cutoff_counts() -> None:
    result = outcomes_from_march(history_of(("ann", "2026-03-01 00:00", 10)))
    assert (result.orders[0, 0], result.spend[0, 0], result.wait_days[0]) == (1.0, 10.0, 0.0)
    assert result.ordered_within(7)[0] == 1.0


def test_an_order_before_the_cutoff_does_not_count() -> None:
    result = outcomes_from_march(history_of(("ann", "2026-02-28 23:59:59.999999", 10)))
    assert (result.orders[0, 0], result.spend[0, 0], result.wait_days[0]) == (0.0, 0.0, np.inf)


def test_an_order_at_the_end_of_the_window_does_not_count() -> None:
    result = outcomes_from_march(history_of(("ann", "2026-03-08 00:00", 10)))
    assert (result.orders[0, 0], result.spend[0, 0], result.wait_days[0]) == (0.0, 0.0, 7.0)
    assert result.ordered_within(7)[0] == 0.0


def test_an_order_in_the_windows_last_instant_counts() -> None:
    result = outcomes_from_march(history_of(("ann", "2026-03-07 23:59:59.999999", 10)))
    assert (result.orders[0, 0], result.spend[0, 0], result.ordered_within(7)[0]) == (1.0, 10.0, 1.0)
    assert 6.99 < result.wait_days[0] < 7.0


def test_nothing_from_the_limit_on_is_counted() -> None:
    result = outcomes_from_march(history_of(("ann", "2026-03-08 00:00", 10)), limit="2026-03-08", horizons=(7, 3))
    assert result.orders[0].tolist() == [0.0, 0.0]
    assert (result.wait_days[0], result.follow_days[0]) == (np.inf, 7.0)


def test_a_line_recorded_at_the_limit_is_not_counted() -> None:
    columns = ("customer_id", "ordered_at", "amount", "recorded_at")
    history = history_of(
        ("ann", "2026-03-02", 10, "2026-03-08"), ("ann", "2026-03-03", 5, "2026-03-07"), columns=columns
    )
    assert outcomes_from_march(history, limit="2026-03-08").spend[0, 0] == 5.0
    assert outcomes_from_march(history, limit="2026-03-09").spend[0, 0] == 15.0


def test_a_window_that_is_not_over_at_the_limit_has_no_outcome() -> None:
    result = outcomes_from_march(history_of(("ann", "2026-03-02", 10)), limit="2026-03-08", horizons=(7, 8))
    assert result.orders[0].tolist() == pytest.approx([1.0, np.nan], nan_ok=True)
    assert result.spend[0].tolist() == pytest.approx([10.0, np.nan], nan_ok=True)
    assert result.ordered_within(7)[0] == 1.0
    assert np.isnan(result.ordered_within(8)[0])


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "Pacific/Auckland"])
def test_a_week_in_which_the_clocks_change_has_seven_local_days(zone: str) -> None:
    lines = [("ann", "2026-04-11 23:30", 1), ("bob", "2026-04-12 00:30", 1)]
    result = outcomes_from_march(history_of(*lines, zone=zone), "ann", "bob", horizons=(42,), zone=zone)
    assert result.orders[:, 0].tolist() == [1.0, 0.0]
    assert result.ordered_within(42).tolist() == [1.0, 0.0]
    assert result.wait_days.astype(int).tolist() == [41, 42]


def test_an_order_counts_at_its_first_line_and_its_money_when_it_is_booked() -> None:
    lines = [("ann", "2026-02-28", 10, "A1"), ("ann", "2026-03-01", 5, "A1"), ("ann", "2026-03-07", 1, "A2"),
             ("ann", "2026-03-08", 1, "A2")]  # fmt: skip
    result = outcomes_from_march(history_of(*lines, columns=ORDERED))
    assert (result.orders[0, 0], result.spend[0, 0], result.wait_days[0]) == (1.0, 6.0, 6.0)


def test_an_order_that_was_sent_back_whole_is_no_order() -> None:
    lines = [("ann", "2026-03-02", 10, "A1"), ("ann", "2026-03-05", -10, "A1")]
    result = outcomes_from_march(history_of(*lines, columns=ORDERED))
    assert (result.orders[0, 0], result.spend[0, 0], result.wait_days[0]) == (0.0, 0.0, np.inf)


def test_without_amounts_orders_are_counted_and_spend_is_not_known() -> None:
    result = outcomes_from_march(history_of(("ann", "2026-03-02"), columns=ORDERED[:2]))
    assert result.orders[0, 0] == 1.0
    assert np.isnan(result.spend[0, 0])


def test_a_customer_without_later_orders_has_zero_orders_and_spend() -> None:
    result = outcomes_from_march(history_of(("ann", "2026-02-01", 5)), "ann", "bob")
    assert result.orders[:, 0].tolist() == [0.0, 0.0]
    assert result.spend[:, 0].tolist() == [0.0, 0.0]
    assert result.ordered_within(7).tolist() == [0.0, 0.0]


def test_outcomes_come_in_the_order_of_the_rows() -> None:
    history = history_of(("ann", "2026-03-02", 1), ("bob", "2026-04-02", 2))
    rows = pd.DataFrame({"customer_id": ["bob", "ann", "bob", "ann"], "position": [1, 1, 0, 0]})
    cutoffs = [cutoff("2026-03-01"), cutoff("2026-04-01")]
    result = outcomes(rows, cutoffs, history, cutoff("2026-05-01"), (7,))
    assert result.spend_within(7).tolist() == [2.0, 0.0, 0.0, 1.0]
    assert result.orders_within(7).tolist() == [1.0, 0.0, 0.0, 1.0]
    assert result.follow_days.tolist() == [30.0, 30.0, 61.0, 61.0]


def test_orders_by_day_counts_all_orders_and_those_of_returning_customers() -> None:
    history = history_of(
        ("ann", "2026-03-02", 1), ("bob", "2026-03-02", 2), ("ann", "2026-03-04", 3), ("bob", "2026-03-06", 1)
    )
    assert orders_by_day(history, cutoff("2026-03-06")).tolist() == [[2, 0, 1, 0], [0, 0, 1, 0]]
    assert orders_by_day(history, cutoff("2026-03-01")).shape == (2, 0)


def test_no_rows_give_empty_outcomes() -> None:
    rows = pd.DataFrame({"customer_id": pd.Series(dtype=str), "position": pd.Series(dtype=np.int64)})
    result = outcomes(rows, [cutoff(MARCH)], history_of(("ann", "2026-03-02", 1)), cutoff("2026-05-01"), (7, 30))
    assert result.orders.shape == result.spend.shape == (0, 2)
    assert result.wait_days.shape == (0,)


days = st.integers(0, 60)
lines = st.lists(
    st.tuples(st.sampled_from(["ann", "bob"]), days, st.integers(-5, 9), st.sampled_from("123") | st.none()),
    min_size=1,
    max_size=25,
)


@FEW_EXAMPLES
@given(
    lines,
    st.sets(days, min_size=1, max_size=4),
    st.integers(1, 70),
    st.sets(st.integers(1, 40), min_size=1, max_size=3),
)
def test_outcomes_equal_a_count_by_hand(
    log: list[tuple[str, int, int, str | None]], cutoffs: set[int], limit: int, horizons: set[int]
) -> None:
    first, spans = 20_000, sorted(horizons)
    lines = [(customer, f"{day_from_number(first + day)} 09:00", paid, order) for customer, day, paid, order in log]
    history = history_of(*lines, columns=ORDERED)
    instants = [_cutoff(first + number) for number in sorted(cutoffs)]
    rows = pd.DataFrame([(customer, position) for position in range(len(instants)) for customer in ("ann", "bob")],
                        columns=["customer_id", "position"])  # fmt: skip
    result = outcomes(rows, instants, history, _cutoff(first + limit), spans)
    for row, (customer, position) in enumerate(rows.itertuples(index=False)):
        start = instants[position].day_number - first
        orders_before_limit = [
            (day, paid, order or f"day {day}") for name, day, paid, order in log if name == customer and day < limit
        ]
        baskets = {
            order: [(day, paid) for day, paid, basket_id in orders_before_limit if basket_id == order]
            for _, _, order in orders_before_limit
        }
        order_days = [
            min(basket)[0]
            for basket in baskets.values()
            if sum(paid for _, paid in basket) > 0 or not any(paid for _, paid in basket)
        ]
        waits = sorted(day - start + 9 / 24 for day in order_days if day >= start)
        assert result.wait_days[row] == (pytest.approx(waits[0]) if waits else np.inf)
        for column, days in enumerate(spans):
            finished = limit - start >= days
            orders = sum(start <= day < start + days for day in order_days)
            spend = max(sum(paid for day, paid, _ in orders_before_limit if start <= day < start + days), 0)
            assert result.orders[row, column] == (orders if finished else pytest.approx(np.nan, nan_ok=True))
            assert result.spend[row, column] == (spend if finished else pytest.approx(np.nan, nan_ok=True))
            came = pytest.approx(float(orders > 0) if finished else np.nan, nan_ok=True)
            assert result.ordered_within(days)[row] == came


def _cutoff(number: int) -> Cutoff:
    return cutoff(str(day_from_number(number)))
