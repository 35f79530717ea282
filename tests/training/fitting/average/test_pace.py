"""Pace: whether customers order faster or slower than their like did a year ago, shrunken where windows disagree."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.simulated_rows import PLAN, Pace, simulate_shop
from training.dataset.plan import YEAR_DAYS
from training.fitting.average import pace as pace_module
from training.fitting.average.fit import shop_averages
from training.fitting.average.level import LogRatios
from training.fitting.average.pace import WINDOWS, measure_pace

LIMIT, STEP = 900, PLAN.pace_days
NEWEST = [LIMIT - STEP * back for back in range(WINDOWS + 1)]
CUTOFFS = sorted([*NEWEST, *(day - YEAR_DAYS for day in NEWEST)])


def times(factor: float) -> Pace:
    """That many times as many orders in the newest three windows as ever before."""
    return lambda day: np.where(day >= LIMIT - WINDOWS * STEP, factor, 1.0)


@cache
def pace_of(factor: float, cutoffs: tuple[int, ...] = tuple(CUTOFFS)) -> LogRatios | None:
    shop = simulate_shop(LIMIT, 1_000, times(factor), gap_days=60, lifetime_days=300, joining_share=0.99)
    rows = shop.rows(cutoffs)
    return measure_pace(rows, LIMIT, STEP, shop_averages(rows, PLAN, LIMIT))


@pytest.mark.parametrize("kind", ["buyers", "orders"])
def test_a_shop_that_orders_faster_or_slower_is_noticed_but_not_in_full(kind: str) -> None:
    halved, steady, doubled = (getattr(pace_of(factor), kind) for factor in (0.5, 1.0, 2.0))
    assert abs(steady) < 0.2
    assert 0.3 < doubled - steady < np.log(2)
    assert 0.3 < steady - halved < np.log(2)


def test_without_the_same_days_a_year_ago_there_is_no_pace() -> None:
    assert pace_of(2.0, tuple(NEWEST[::-1])) is None
    assert pace_of(2.0, tuple(CUTOFFS[1:])) is None


def log_ratio(*by_window: float) -> float:
    """The shrunken ratio where each window had that many times the orders expected of it."""
    actual = np.repeat(by_window, 100) * 10.0
    return pace_module._shrunken_log_ratio(
        actual, np.full(len(actual), 10.0), np.repeat(np.arange(len(by_window)), 100)
    )


def test_windows_that_agree_are_believed() -> None:
    assert log_ratio(2, 2, 2) == pytest.approx(np.log(2), abs=1e-3)
    assert log_ratio(1, 1, 1) == pytest.approx(0.0, abs=1e-6)
    assert log_ratio(2, 2.2, 1.8) == pytest.approx(np.log(2), abs=0.1)


def test_windows_that_contradict_each_other_are_hardly_believed() -> None:
    assert 0 < log_ratio(8, 0.25, 4) < 0.25 * np.log(2)


@given(st.lists(st.floats(0, 1_000), min_size=3, max_size=3))
def test_a_pace_is_limited(by_window: list[float]) -> None:
    assert abs(log_ratio(*by_window)) <= pace_module.MAX_PACE
