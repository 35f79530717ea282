from __future__ import annotations

import numpy as np
from numpy.testing import assert_array_equal

from training.attendance.panel.daily_purchases import DailyPurchases

ANN, BOB, ZOE = 0, 1, 2
PURCHASES = DailyPurchases.sort(
    3, np.array([BOB, ANN, ANN, ANN]), np.array([105, 103, 100, 103]), np.array([7.0, 2.0, 1.0, 3.0]),
    np.ones(4), (100, 110),
)  # fmt: skip


def sums(customer: int, start: int, end: int) -> float:
    return float(PURCHASES.window_sums(PURCHASES.spend, np.array([customer]), np.array([start]), np.array([end]))[0])


def test_a_window_has_its_first_day_and_not_its_last() -> None:
    assert sums(ANN, 100, 103) == 1.0
    assert sums(ANN, 100, 104) == 6.0
    assert sums(ANN, 101, 103) == 0.0


def test_a_window_is_of_one_customer_alone() -> None:
    assert (sums(ANN, 0, 500), sums(BOB, 0, 500), sums(ZOE, 0, 500)) == (6.0, 7.0, 0.0)


def test_rows_of_one_customer_and_day_are_added() -> None:
    assert_array_equal(PURCHASES.day, [100, 103, 105])
    assert_array_equal(PURCHASES.orders, [1.0, 2.0, 1.0])


def test_the_first_purchase_of_who_never_bought_is_the_end_of_the_log() -> None:
    assert_array_equal(PURCHASES.first_purchase, [100, 105, 110])
