"""Bars: met or missed, and by how much."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest

from benchmarks.accuracy.bars import CALIBRATED, Bar, BarResult, calibrated_bar, evaluate_public_bars
from benchmarks.accuracy.paired_comparison import Case, ComparisonRow
from benchmarks.accuracy.targets import PARETO
from benchmarks.reporting.bars_table import bars_table, count_bars


def test_a_bar_is_missed_by_the_distance_to_its_nearer_end() -> None:
    bar = Bar("log", "orders", 0.8, 1.2)
    assert [bar.shortfall(value) for value in (0.8, 1.2)] == [0, 0]
    assert bar.shortfall(0.7) == pytest.approx(0.1)
    assert bar.shortfall(1.5) == pytest.approx(0.3)
    assert [bar.shortfall(value) for value in (nan, inf)] == [inf, inf]


def test_a_figure_is_compared_as_it_is_printed() -> None:
    bar = Bar("log", "Brier", maximum=0.0978)
    assert bar.shortfall(0.09784) == 0
    assert bar.shortfall(0.09786) == pytest.approx(0.0001)


def test_the_table_says_which_bars_are_missed_and_by_how_much() -> None:
    results = [BarResult(Bar("log", "AUC", minimum=0.9), 0.95), BarResult(Bar("log", "ECE", maximum=0.05), 0.07)]
    assert count_bars(results) == "1 of 2 bars are met."
    assert bars_table(results).splitlines()[2:] == [
        "| log |  | AUC | >= 0.9 | 0.9500 | yes |  |",
        "| log |  | ECE | <= 0.05 | 0.0700 | **no** | 0.0200 |",
    ]


def test_calibration_is_asked_only_where_the_total_is_right() -> None:
    (result,) = calibrated_bar("log", {"buyers": 1.04, "ECE": 0.04})
    assert (result.bar.measure, result.is_met) == (CALIBRATED, False)
    assert not list(calibrated_bar("log", {"buyers": 1.06, "ECE": 0.04}))


def test_a_public_figure_meets_the_bar_of_its_own_origin() -> None:
    rows = [public_row("complete-journey", origin, "AUC", 0.8835) for origin in ("2017-10-01", "2017-09-03")]
    assert [result.is_met for result in evaluate_public_bars(rows)] == [False, True]


def test_a_bar_against_pareto_nbd_reads_its_comparison() -> None:
    row = public_row("cdnow", "1998-04-02", "AUC", 0.83, question="churn 90 d", baseline=PARETO, high=-0.001)
    (result,) = evaluate_public_bars([row])
    assert result.shortfall == pytest.approx(0.001)


def public_row(
    log: str, origin: str, measure: str, value: float, *, question: str = "churn 28 d", baseline: str = "recency",
    high: float = 0.1,
) -> ComparisonRow:  # fmt: skip
    """A comparison of a public log."""
    case = Case(
        log=log, protocol="T", origin=origin, question=question, tier="", predictions=np.zeros(2), by_tier={},
        actual=np.ones(2), baselines={},
    )  # fmt: skip
    return ComparisonRow(
        case=case, measure=measure, by_tier={}, value=value, baseline=baseline, baseline_value=0.5, low=-0.1, high=high
    )
