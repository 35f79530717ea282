"""The best tenth by a score, ties and all; and the reminders that a simple rule would give."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.targeting.coupon_redemption import precision_of_top_tenth
from benchmarks.targeting.reminders import due_by_own_gap, most_frequently_ordered


def test_the_first_tenth_are_those_with_the_highest_scores() -> None:
    score, came = np.arange(20.0), np.array([1.0] * 18 + [0.0, 1.0])
    assert precision_of_top_tenth(score, came) == 0.5


def test_of_equals_at_the_border_each_has_the_same_chance() -> None:
    score, came = np.array([9.0] + [5.0] * 4 + [0.0] * 15), np.array([1.0, 1.0, 0.0, 0.0, 0.0] + [0.0] * 15)
    assert precision_of_top_tenth(score, came) == pytest.approx((1 + 1 / 4) / 2)
    assert precision_of_top_tenth(np.zeros(20), came) == pytest.approx(came.mean())


@dataclass
class _BacktestFake:
    """As much of a back-test as the simple rules look at: today is day 100."""

    last_day: tuple[float, ...]
    own_gap: tuple[float, ...]
    usual_gap: tuple[float, ...] = ()
    days: tuple[float, ...] = ()

    def build(self) -> SimpleNamespace:
        lines = SimpleNamespace(last_day=np.array(self.last_day), days=np.array(self.days))
        own, usual = np.array(self.own_gap), np.array(self.usual_gap or self.own_gap)
        return SimpleNamespace(rows=SimpleNamespace(cutoff=np.float64(100), lines=lines), own_gap=own, usual_gap=usual)


def test_the_simple_rule_reminds_of_what_is_due_soonest_and_of_the_least_overdue_first() -> None:
    found = _BacktestFake(
        (95.0, 95.0, 40.0, 90.0), (5.0, 10.0, 7.0, 9.0)
    ).build()  # due today, in 5 days, 53 and 1 day ago
    for count, lines in ((1, [0]), (2, [0, 3]), (3, [0, 2, 3]), (4, [0, 1, 2, 3])):
        assert np.flatnonzero(due_by_own_gap(found, count)).tolist() == lines  # type: ignore[arg-type]


def test_who_has_no_gap_is_given_everybodys() -> None:
    found = _BacktestFake((95.0, 95.0), (float("nan"), 20.0), (7.0, 7.0)).build()
    assert due_by_own_gap(found, 1).tolist() == [True, False]  # type: ignore[arg-type]


def test_the_other_rule_reminds_of_what_was_ordered_most() -> None:
    found = _BacktestFake((95.0, 20.0), (1.0, 1.0), days=(3.0, 9.0)).build()
    assert most_frequently_ordered(found, 1).tolist() == [False, True]  # type: ignore[arg-type]
