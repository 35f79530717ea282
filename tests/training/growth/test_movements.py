"""Movements: who counts on a day, who came in and went out, and the law that they add up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.training.growth.shop_logs import DEFINITION, log_by_hand, random_log
from training.growth.growth_log import GrowthLog
from training.growth.movements import Movements, count_movements, customer_states

ORDERS_ONLY = replace(DEFINITION, level=1.0, measure="orders")


def week_movements(*orders: tuple[int, int, float], before: int = 100, after: int = 107) -> Movements:
    (movements,) = count_movements(log_by_hand(*orders), DEFINITION, [before, after])
    return movements


def changes(movements: Movements) -> dict[str, int]:
    return {
        name: count
        for name, count in vars(movements).items()
        if count and name not in ("previous", "now", "active")
    }  # fmt: skip


@pytest.mark.parametrize(
    ("orders", "change"),
    [
        ([(0, 101, 120.0)], {"new": 1}),
        ([(0, 90, 60.0), (0, 101, 60.0)], {"new": 1}),  # the first order lies within the active window
        ([(0, 60, 60.0), (0, 101, 60.0)], {"won_back": 1}),
        ([(0, 60, 60.0), (0, 85, 20.0), (0, 101, 60.0)], {"upgraded": 1}),
        ([(0, 75, 150.0)], {"lapsed": 1}),  # the last order was 28 days before day 103
        ([(0, 10, 80.0), (0, 90, 30.0)], {"downgraded": 1}),  # day 10 left the window of spend on day 102
        ([(0, 90, 120.0), (0, 103, -30.0)], {"downgraded": 1}),  # a return
        ([(0, 90, 99.99), (0, 107, 1.0)], {}),  # an order on the day after the period is not yet known
        ([(0, 90, 99.99), (0, 106, 0.01)], {"new": 1}),  # the level itself counts
        ([(0, 79, 150.0)], {}),  # the last day of the active window
        ([(0, 60, 60.0), (0, 101, 20.0)], {}),  # came back, without the spend
    ],
)
def test_a_customer_moves_once_and_by_name(orders: list[tuple[int, int, float]], change: dict[str, int]) -> None:
    assert changes(week_movements(*orders)) == change


def test_who_first_ordered_within_a_month_is_new_though_the_active_window_is_shorter() -> None:
    short = replace(DEFINITION, active_days=7)
    log = log_by_hand((0, 101, 120.0), (0, 128, 10.0))
    (movements,) = count_movements(log, short, [100, 130])
    assert changes(movements) == {"new": 1}


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("step", [1, 7, 31, 200])
def test_the_number_before_with_what_moved_gives_the_number_after(seed: int, step: int) -> None:
    movements = count_movements(random_log(seed), DEFINITION, range(0, 400, step))
    assert all(each.previous + each.net == each.now for each in movements)
    assert [each.now for each in movements[:-1]] == [each.previous for each in movements[1:]]
    assert sum(each.now for each in movements) > 0


@pytest.mark.parametrize("seed", range(5))
def test_states_that_are_carried_forward_are_those_counted_anew(seed: int) -> None:
    log = random_log(seed)
    ends = [30, 37, 60, 200, 390]
    for state, end in zip(customer_states(log, DEFINITION, ends), ends, strict=True):
        (alone,) = customer_states(log, DEFINITION, [end])
        np.testing.assert_array_equal(state.high_value, alone.high_value)
        np.testing.assert_array_equal(state.active, alone.active)


def test_planted_customers_who_stop_and_return_are_the_lapsed_and_the_won_back() -> None:
    rng = np.random.default_rng(3)
    customers, days, active = 2_000, 420, DEFINITION.active_days
    weekly = np.arange(0, days, 7)
    stop, back = rng.integers(120, 250, customers), rng.integers(290, 410, customers)
    returns = rng.uniform(size=customers) < 0.4
    orders = [
        (customer, day)
        for customer in range(customers)
        for day in (weekly + customer % 7).tolist()
        if day <= stop[customer] or (returns[customer] and day >= back[customer] and day < days)
    ]
    customer, day = np.array(orders).T
    movements = count_movements(GrowthLog.sort((customer, day), None), ORDERS_ONLY, range(98, 421, 7))
    last = np.array([day[(customer == each) & (day <= stop[each])].max() for each in range(customers)])
    assert sum(each.lapsed for each in movements) == int((last + active < 420).sum()) == customers
    assert sum(each.won_back for each in movements) == len(np.unique(customer[day >= 290]))
    assert sum(each.downgraded + each.new for each in movements) == 0


def test_amounts_add_up_exactly_in_any_order() -> None:
    amounts = [0.1] * 1_000
    log = log_by_hand(*((0, 90 + number % 10, amount) for number, amount in enumerate(amounts)))
    (state,) = customer_states(log, DEFINITION, [107])
    assert state.high_value_active.tolist() == [True]
