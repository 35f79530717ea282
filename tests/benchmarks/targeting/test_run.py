"""Targeting benchmark: precision of the top tenth with ties, and the reminders of simple rules."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.targeting.coupon_redemption import precision_of_top_tenth
from benchmarks.targeting.reminders import due_by_own_gap, most_frequently_ordered


def test_the_first_tenth_are_those_with_the_highest_scores() -> None:
    score, redeemed = np.arange(20.0), np.array([1.0] * 18 + [0.0, 1.0])
    assert precision_of_top_tenth(score, redeemed) == 0.5


def test_of_equals_at_the_border_each_has_the_same_chance() -> None:
    score, redeemed = np.array([9.0] + [5.0] * 4 + [0.0] * 15), np.array([1.0, 1.0, 0.0, 0.0, 0.0] + [0.0] * 15)
    assert precision_of_top_tenth(score, redeemed) == pytest.approx((1 + 1 / 4) / 2)
    assert precision_of_top_tenth(np.zeros(20), redeemed) == pytest.approx(redeemed.mean())


@dataclass
class _BacktestFake:
    """The fields of a back-test that the simple rules read; today is day 100."""

    last_day: tuple[float, ...]
    own_gap: tuple[float, ...]
    usual_gap: tuple[float, ...] = ()
    days: tuple[float, ...] = ()

    def build(self) -> SimpleNamespace:
        lines = SimpleNamespace(last_day=np.array(self.last_day), days=np.array(self.days))
        own, usual = np.array(self.own_gap), np.array(self.usual_gap or self.own_gap)
        return SimpleNamespace(rows=SimpleNamespace(cutoff=np.float64(100), lines=lines), own_gap=own, usual_gap=usual)


def test_the_simple_rule_reminds_of_what_is_due_soonest_and_of_the_least_overdue_first() -> None:
    backtest = _BacktestFake(
        (95.0, 95.0, 40.0, 90.0), (5.0, 10.0, 7.0, 9.0)
    ).build()  # due today, in 5 days, 53 and 1 day ago
    for count, lines in ((1, [0]), (2, [0, 3]), (3, [0, 2, 3]), (4, [0, 1, 2, 3])):
        assert np.flatnonzero(due_by_own_gap(backtest, count)).tolist() == lines  # type: ignore[arg-type]


def test_a_line_without_its_own_gap_uses_the_general_gap() -> None:
    backtest = _BacktestFake((95.0, 95.0), (float("nan"), 20.0), (7.0, 7.0)).build()
    assert due_by_own_gap(backtest, 1).tolist() == [True, False]  # type: ignore[arg-type]


def test_the_other_rule_reminds_of_what_was_ordered_most() -> None:
    backtest = _BacktestFake((95.0, 20.0), (1.0, 1.0), days=(3.0, 9.0)).build()
    assert most_frequently_ordered(backtest, 1).tolist() == [False, True]  # type: ignore[arg-type]
