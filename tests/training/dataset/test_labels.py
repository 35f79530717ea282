"""What then happened to a customer: in the window [cutoff, cutoff + horizon), and not one instant besides."""

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
    """What happened to customers from the first of March on."""
    rows = pd.DataFrame({"customer_id": list(customers or ("ann",)), "position": 0})
    return outcomes(rows, [cutoff(MARCH, zone)], history, cutoff(limit, zone), horizons)


def test_an_order_at_the_cutoff_counts() -> None:
    seen = outcomes_from_march(history_of(("ann", "2026-03-01 00:00", 10)))
    assert (seen.orders[0, 0], seen.spend[0, 0], seen.wait_days[0]) == (1.0, 10.0, 0.0)
    assert seen.ordered_within(7)[0] == 1.0


def test_an_order_before_the_cutoff_does_not_count() -> None:
    seen = outcomes_from_march(history_of(("ann", "2026-02-28 23:59:59.999999", 10)))
    assert (seen.orders[0, 0], seen.spend[0, 0], seen.wait_days[0]) == (0.0, 0.0, np.inf)


def test_an_order_at_the_end_of_the_window_does_not_count() -> None:
    seen = outcomes_from_march(history_of(("ann", "2026-03-08 00:00", 10)))
    assert (seen.orders[0, 0], seen.spend[0, 0], seen.wait_days[0]) == (0.0, 0.0, 7.0)
    assert seen.ordered_within(7)[0] == 0.0


def test_an_order_in_the_windows_last_instant_counts() -> None:
    seen = outcomes_from_march(history_of(("ann", "2026-03-07 23:59:59.999999", 10)))
    assert (seen.orders[0, 0], seen.spend[0, 0], seen.ordered_within(7)[0]) == (1.0, 10.0, 1.0)
    assert 6.99 < seen.wait_days[0] < 7.0


def test_nothing_from_the_limit_on_is_looked_at() -> None:
    seen = outcomes_from_march(history_of(("ann", "2026-03-08 00:00", 10)), limit="2026-03-08", horizons=(7, 3))
    assert seen.orders[0].tolist() == [0.0, 0.0]
    assert (seen.wait_days[0], seen.follow_days[0]) == (np.inf, 7.0)


def test_a_line_recorded_at_the_limit_is_not_looked_at() -> None:
    columns = ("customer_id", "ordered_at", "amount", "recorded_at")
    history = history_of(
        ("ann", "2026-03-02", 10, "2026-03-08"), ("ann", "2026-03-03", 5, "2026-03-07"), columns=columns
    )
    assert outcomes_from_march(history, limit="2026-03-08").spend[0, 0] == 5.0
    assert outcomes_from_march(history, limit="2026-03-09").spend[0, 0] == 15.0


def test_a_window_that_is_not_over_at_the_limit_has_no_outcome() -> None:
    seen = outcomes_from_march(history_of(("ann", "2026-03-02", 10)), limit="2026-03-08", horizons=(7, 8))
    assert seen.orders[0].tolist() == pytest.approx([1.0, np.nan], nan_ok=True)
    assert seen.spend[0].tolist() == pytest.approx([10.0, np.nan], nan_ok=True)
    assert seen.ordered_within(7)[0] == 1.0
    assert np.isnan(seen.ordered_within(8)[0])


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "Pacific/Auckland"])
def test_a_week_in_which_the_clocks_change_has_seven_local_days(zone: str) -> None:
    lines = [("ann", "2026-04-11 23:30", 1), ("bob", "2026-04-12 00:30", 1)]
    seen = outcomes_from_march(history_of(*lines, zone=zone), "ann", "bob", horizons=(42,), zone=zone)
    assert seen.orders[:, 0].tolist() == [1.0, 0.0]
    assert seen.ordered_within(42).tolist() == [1.0, 0.0]
    assert seen.wait_days.astype(int).tolist() == [41, 42]


def test_an_order_counts_at_its_first_line_and_its_money_when_it_is_booked() -> None:
    lines = [("ann", "2026-02-28", 10, "A1"), ("ann", "2026-03-01", 5, "A1"), ("ann", "2026-03-07", 1, "A2"),
             ("ann", "2026-03-08", 1, "A2")]  # fmt: skip
    seen = outcomes_from_march(history_of(*lines, columns=ORDERED))
    assert (seen.orders[0, 0], seen.spend[0, 0], seen.wait_days[0]) == (1.0, 6.0, 6.0)


def test_an_order_that_was_sent_back_whole_is_no_order() -> None:
    lines = [("ann", "2026-03-02", 10, "A1"), ("ann", "2026-03-05", -10, "A1")]
    seen = outcomes_from_march(history_of(*lines, columns=ORDERED))
    assert (seen.orders[0, 0], seen.spend[0, 0], seen.wait_days[0]) == (0.0, 0.0, np.inf)


def test_without_amounts_orders_are_counted_and_spend_is_not_known() -> None:
    seen = outcomes_from_march(history_of(("ann", "2026-03-02"), columns=ORDERED[:2]))
    assert seen.orders[0, 0] == 1.0
    assert np.isnan(seen.spend[0, 0])


def test_a_customer_of_whom_nothing_more_was_heard_ordered_nothing() -> None:
    seen = outcomes_from_march(history_of(("ann", "2026-02-01", 5)), "ann", "nobody")
    assert seen.orders[:, 0].tolist() == [0.0, 0.0]
    assert seen.spend[:, 0].tolist() == [0.0, 0.0]
    assert seen.ordered_within(7).tolist() == [0.0, 0.0]


def test_outcomes_come_in_the_order_of_the_rows() -> None:
    history = history_of(("ann", "2026-03-02", 1), ("bob", "2026-04-02", 2))
    rows = pd.DataFrame({"customer_id": ["bob", "ann", "bob", "ann"], "position": [1, 1, 0, 0]})
    cutoffs = [cutoff("2026-03-01"), cutoff("2026-04-01")]
    seen = outcomes(rows, cutoffs, history, cutoff("2026-05-01"), (7,))
    assert seen.spend_within(7).tolist() == [2.0, 0.0, 0.0, 1.0]
    assert seen.orders_within(7).tolist() == [1.0, 0.0, 0.0, 1.0]
    assert seen.follow_days.tolist() == [30.0, 30.0, 61.0, 61.0]


def test_orders_are_counted_by_day_and_those_of_known_customers_beside_them() -> None:
    history = history_of(
        ("ann", "2026-03-02", 1), ("bob", "2026-03-02", 2), ("ann", "2026-03-04", 3), ("bob", "2026-03-06", 1)
    )
    assert orders_by_day(history, cutoff("2026-03-06")).tolist() == [[2, 0, 1, 0], [0, 0, 1, 0]]
    assert orders_by_day(history, cutoff("2026-03-01")).shape == (2, 0)


def test_nobody_has_no_outcomes() -> None:
    rows = pd.DataFrame({"customer_id": pd.Series(dtype=str), "position": pd.Series(dtype=np.int64)})
    seen = outcomes(rows, [cutoff(MARCH)], history_of(("ann", "2026-03-02", 1)), cutoff("2026-05-01"), (7, 30))
    assert seen.orders.shape == seen.spend.shape == (0, 2)
    assert seen.wait_days.shape == (0,)


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
def test_outcomes_are_what_a_patient_clerk_would_count(
    log: list[tuple[str, int, int, str | None]], cutoffs: set[int], limit: int, horizons: set[int]
) -> None:
    first, spans = 20_000, sorted(horizons)
    history = history_of(*((who, f"{day_from_number(first + day)} 09:00", paid, order) for who, day, paid, order in log),
                   columns=ORDERED)  # fmt: skip
    instants = [_cutoff(first + number) for number in sorted(cutoffs)]
    rows = pd.DataFrame([(who, place) for place in range(len(instants)) for who in ("ann", "bob")],
                        columns=["customer_id", "position"])  # fmt: skip
    seen = outcomes(rows, instants, history, _cutoff(first + limit), spans)
    for row, (who, place) in enumerate(rows.itertuples(index=False)):
        begun = instants[place].number - first
        known = [(day, paid, order or f"day {day}") for name, day, paid, order in log if name == who and day < limit]
        baskets = {order: [(day, paid) for day, paid, other in known if other == order] for _, _, order in known}
        placed = [min(basket)[0] for basket in baskets.values() if sum(paid for _, paid in basket) > 0]
        waits = sorted(day - begun + 9 / 24 for day in placed if day >= begun)
        assert seen.wait_days[row] == (pytest.approx(waits[0]) if waits else np.inf)
        for column, days in enumerate(spans):
            over = limit - begun >= days
            orders = sum(begun <= day < begun + days for day in placed)
            spend = max(sum(paid for day, paid, _ in known if begun <= day < begun + days), 0)
            assert seen.orders[row, column] == (orders if over else pytest.approx(np.nan, nan_ok=True))
            assert seen.spend[row, column] == (spend if over else pytest.approx(np.nan, nan_ok=True))
            came = pytest.approx(float(orders > 0) if over else np.nan, nan_ok=True)
            assert seen.ordered_within(days)[row] == came


def _cutoff(number: int) -> Cutoff:
    return cutoff(str(day_from_number(number)))
