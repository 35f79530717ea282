"""Benchmark page: its sentences and verdicts follow from the figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.accuracy.interval_coverage import IntervalCoverage, interval_coverage
from benchmarks.accuracy.paired_comparison import Case, ComparisonRow, Measure, compare_to_baselines
from benchmarks.accuracy.targets import GIFTS, GROCER, TARGETS, Target, evaluate_targets
from benchmarks.reporting.loss_explanations import explain_loss
from benchmarks.reporting.markdown import replace_section, section
from features.arrays import Floats
from training import metrics

RNG = np.random.default_rng(5)
ACTUAL = RNG.gamma(1.0, 50.0, 400)
CLOSE, FAR = ACTUAL + RNG.normal(0, 5, 400), ACTUAL + RNG.normal(0, 60, 400)
CASE = Case(
    log="shop", protocol="T", origin="2020-01-01", question="spend 30 d", tier="average",
    predictions=CLOSE, by_tier={"average": CLOSE, "btyd": FAR}, actual=ACTUAL,
    baselines={"coarse": FAR, "broken": None},
)  # fmt: skip
RMSE = Measure("RMSE", metrics.rmse)


def test_an_answer_that_is_surely_closer_wins_and_loses_when_sides_change() -> None:
    won, _ = compare_to_baselines(CASE, [RMSE])
    lost, _ = compare_to_baselines(replace(CASE, predictions=FAR, baselines={"fine": CLOSE, "broken": None}), [RMSE])
    assert (won.verdict, lost.verdict) == ("win", "loss")
    assert won.low == pytest.approx(-lost.high)


def test_the_same_answer_is_a_tie_and_a_baseline_without_one_has_failed() -> None:
    same, failed = compare_to_baselines(replace(CASE, baselines={"same": CLOSE, "broken": None}), [RMSE])
    assert (same.verdict, failed.verdict) == ("tie", "baseline failed")


def test_a_target_is_met_only_where_the_figure_reaches_it() -> None:
    row = comparison_row(GROCER, "churn 28 d", "AUC", "recency", 0.86)
    (result,) = evaluate_targets([row, replace(row, case=replace(row.case, origin="before"), value=0.87)])
    assert [is_met for _, is_met in result.by_origin] == [False, True]
    assert not result.is_met
    assert result.missed_rows == [row]


def test_a_target_to_beat_two_baselines_needs_both_won() -> None:
    rows = [comparison_row(GIFTS, "churn 90 d", "AUC", name, 0.73, low=0.01) for name in ("recency", "frequency")]
    assert evaluate_targets(rows)[0].is_met
    assert not evaluate_targets([rows[0], replace(rows[1], low=-0.01)])[0].is_met


def test_every_target_has_a_description() -> None:
    assert (
        str(Target("log", "churn", "AUC", minimum=0.7, baselines_to_beat=("recency",)))
        == ">= 0.7, surely better than recency"
    )
    assert all(str(target) for target in TARGETS)


def test_a_loss_by_the_total_names_both_totals_and_the_drift() -> None:
    case = replace(CASE, predictions=1.2 * ACTUAL, baselines={"last window": 0.9 * ACTUAL})
    row = next(
        compare_to_baselines(
            case, [Measure("abs(bias)", lambda predicted, actual: abs(metrics.bias(predicted, actual)))]
        )
    )
    assert row.verdict == "loss"
    assert explain_loss(row) == (
        "ours is +20.0% off the total, the baseline -10.0%; customers spent +11.1% against the window before"
    )


def test_intervals_of_those_who_spent_nothing_may_cover_more_but_none_may_cover_less() -> None:
    zeros, low, high = np.zeros(400), np.quantile(ACTUAL, 0.1), np.quantile(ACTUAL, 0.9)
    interval = coverage_of(np.full(400, low), np.full(400, high), ACTUAL)
    assert interval.is_met
    assert not interval.is_too_wide
    assert coverage_of(zeros, np.full(400, 1e9), ACTUAL).is_too_wide
    assert not coverage_of(zeros, np.full(400, 1e9), zeros).is_too_wide
    assert not coverage_of(zeros, np.full(400, low), ACTUAL).is_met


def test_a_section_is_replaced_and_its_neighbours_stay(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Page\n\n## One\n\n1\n\n## Two\n\n2\n")
    replace_section(page, "One", "## One\n\nnew")
    replace_section(page, "Three", "## Three\n\n3")
    assert page.read_text() == "# Page\n\n## One\n\nnew\n\n## Two\n\n2\n\n## Three\n\n3\n"
    assert section(page, "Two") == "## Two\n\n2"
    assert section(page, "Four") == ""


def coverage_of(low: Floats, high: Floats, actual: Floats) -> IntervalCoverage:
    """Coverage of some intervals, with recency in the given order."""
    recency = np.arange(len(actual), dtype=float)
    quantiles = low, (low + high) / 2, high
    return interval_coverage(
        log="shop", protocol="T", origin="", tier="average", quantiles=quantiles, actual=actual, recency=recency
    )


def comparison_row(
    log: str, question: str, measure: str, baseline: str, value: float, low: float = 0.0
) -> ComparisonRow:
    """A comparison row of a log that has targets."""
    case = replace(CASE, log=log, question=question)
    return ComparisonRow(
        case=case, measure=measure, by_tier={}, value=value, baseline=baseline, baseline_value=0.5, low=low, high=0.1
    )
