"""Experiments benchmark: every case runs, and the section says what was measured."""

from __future__ import annotations

import pytest

from benchmarks.experiments.allocation import LossRow, loss_cases, measure_loss, measure_truths
from benchmarks.experiments.markets import changing, different_winners, same_winner, trending
from benchmarks.experiments.run import measure_allocation

pytestmark = pytest.mark.slow


def test_the_section_has_a_line_for_each_case_and_each_truth() -> None:
    text = measure_allocation(loss_runs=4, truth_runs=4)
    for case in loss_cases():
        assert f"| {case.market} | {case.policy} |" in text
    assert text.count("| no difference |") == text.count("| +20 % of one arm |") == 4
    assert "% of the runs (winner changes)." in text


def test_a_loss_has_a_verdict_only_where_it_has_a_bar() -> None:
    case = loss_cases()[0]
    assert case.highest == 0.42
    row = LossRow(case=case, mean=0.43, half_width=0.01, high=0.6)
    assert row.is_met is False
    assert LossRow(case=case, mean=0.41, half_width=0.01, high=0.6).is_met is True
    without_bar = next(case for case in loss_cases() if case.highest is None)
    assert LossRow(case=without_bar, mean=0.1, half_width=0.01, high=0.6).is_met is None


def test_an_even_split_loses_what_it_is_compared_with_and_covers_the_truth() -> None:
    even = [row for row in measure_truths(100) if row.policy == "even split"]
    assert all(row.concentrated == 0 and row.weighted_covers == row.pooled_covers for row in even)
    case = next(case for case in loss_cases() if case.policy == "separate")
    assert 0 < measure_loss(case, 4).mean < 1


def test_the_markets_have_the_winners_that_they_name() -> None:
    assert different_winners().argmax(1).tolist() == [3, 0, 1]
    assert same_winner().argmax(1).tolist() == [3, 3, 3]
    assert changing().rates[[29, 30], 0].argmax(-1).tolist() == [3, 0]
    assert trending().rates[:, 0, 0][[0, -1]].tolist() == pytest.approx([0.03, 0.09])
