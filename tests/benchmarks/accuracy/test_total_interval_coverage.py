"""Coverage of totals: an interval covers what lies in it, and every log has one vote."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from benchmarks.accuracy.total_interval_coverage import TotalInterval, total_coverage, total_intervals
from tests.serving.audiences.shop import CARDS, TYPES, customers
from tests.serving.audiences.tables import columns


def interval(log: str, actual: float, measure: str = "buyers") -> TotalInterval:
    return TotalInterval(log, measure, predicted=100.0, p10=80.0, p90=125.0, actual=actual)


def test_an_actual_total_at_either_end_is_covered() -> None:
    covered = [interval("a", actual).is_covered for actual in (79.9, 80.0, 125.0, 125.1)]
    assert covered == [False, True, True, False]


def test_the_half_width_is_that_of_the_logs() -> None:
    assert interval("a", 100.0).half_width == pytest.approx(math.log(1.25))
    assert TotalInterval("a", "buyers", 1.0, 0.0, 2.0, 1.0).half_width == math.inf


def test_a_log_of_many_intervals_has_the_vote_of_a_log_of_one() -> None:
    missed = [interval("many", 10.0)] * 9
    (buyers,) = total_coverage([*missed, interval("one", 100.0)])
    assert (buyers.coverage, buyers.logs, buyers.intervals) == (0.5, 2, 10)


def test_measures_are_counted_apart() -> None:
    coverages = total_coverage([interval("a", 100.0), interval("a", 10.0, "spend")])
    assert [(each.measure, each.coverage) for each in coverages] == [("buyers", 1.0), ("spend", 0.0)]


def test_the_intervals_of_a_scored_shop_meet_what_came(tmp_path: Path) -> None:
    path = columns(tmp_path, customers(60), TYPES).path
    actual = {"buyers": 30.0, "orders": 88.5, "spend": 9e9}
    found = {each.measure: each for each in total_intervals("shop", path, CARDS, 90, actual)}
    assert {measure: each.is_covered for measure, each in found.items()} == {
        "buyers": True, "orders": True, "spend": False
    }  # fmt: skip
    assert found["orders"].predicted == pytest.approx(59 * 1.5)


def test_buyers_of_another_horizon_are_not_compared(tmp_path: Path) -> None:
    rows = [{**row, "ltv_365d_mean": 9.0} for row in customers(60)]
    path = columns(tmp_path, rows, {**TYPES, "ltv_365d_mean": TYPES["ltv_90d_mean"]}).path
    measures = {each.measure for each in total_intervals("shop", path, CARDS, 365, {"buyers": 30.0, "spend": 1.0})}
    assert measures == {"spend"}
