"""Planted offers: the profit told from an experiment has the true one in its interval, and none where there is none."""

from __future__ import annotations

import pytest

from benchmarks.economics.planted_offer import Case, measure_case

SEEDS = 100


@pytest.mark.slow
@pytest.mark.parametrize(
    "case", [Case("even", "order", "on_order"), Case("even", "spend", "on_contact")], ids=lambda case: case.outcome
)
def test_the_true_profit_of_a_planted_offer_is_in_its_interval(case: Case) -> None:
    result = measure_case(case, SEEDS)
    assert result.refused == 0.0
    assert result.covered >= 0.90
    assert abs(result.mean_profit - result.true_profit) < result.half_width / 4


@pytest.mark.slow
@pytest.mark.parametrize(
    "case", [Case("null", "order", "on_order"), Case("null", "spend", "on_contact")], ids=lambda case: case.outcome
)
def test_an_offer_without_an_effect_brings_no_profit(case: Case) -> None:
    result = measure_case(case, SEEDS)
    assert result.gain == 0.0
    assert result.mean_profit < 0
    assert result.margin_covers_zero >= 0.90
