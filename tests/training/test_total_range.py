"""Range of a total: it covers as often as it claims, worse origins widen it, and the prior bounds it from below."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.dataset.first_year_notes import first_year_notes
from training.total_range import (
    FIRST_YEAR_SCALE,
    PRIOR_SCALE,
    T_FACTOR,
    UNTESTED_SCALE,
    RangePrior,
    TotalRange,
    has_year_behind,
    independent_origins,
    is_same_horizon,
    nearest_horizon,
)

TESTED = RangePrior.for_log(1_000, 90, is_tested=True)
FIRST_YEAR = RangePrior.for_log(300, 90, is_tested=True)
RATIOS = st.lists(st.floats(-2, 2), min_size=1, max_size=3)


@pytest.mark.parametrize("origins", [1, 2, 3])
def test_four_fifths_of_log_normal_totals_lie_in_the_range(origins: int) -> None:
    rng = np.random.default_rng(1)
    # Of each log its own scale, drawn from the prior: scaled inverse chi-square with 2 degrees of freedom.
    scales = PRIOR_SCALE * np.sqrt(2 / rng.chisquare(2, 20_000))
    errors = scales[:, None] * rng.normal(size=(20_000, origins + 1))
    reach = [T_FACTOR * TESTED.log_scale(past, origins) for past in errors[:, 1:]]
    assert np.mean(np.abs(errors[:, 0]) <= reach) == pytest.approx(0.8, abs=0.03)


@given(RATIOS, st.floats(1, 2))
def test_worse_origins_widen_the_range(ratios: list[float], growth: float) -> None:
    worse = [growth * ratio for ratio in ratios]
    for prior in (TESTED, FIRST_YEAR):
        assert prior.log_scale(worse, len(worse)) >= prior.log_scale(ratios, len(ratios)) - 1e-12


@given(RATIOS)
def test_no_origins_narrow_the_range_below_what_the_prior_allows(ratios: list[float]) -> None:
    assert TESTED.log_scale(ratios, len(ratios)) >= PRIOR_SCALE * math.sqrt(2 / (len(ratios) + 2)) - 1e-12


@given(RATIOS)
def test_without_a_year_behind_errors_can_only_widen(ratios: list[float]) -> None:
    assert FIRST_YEAR.log_scale(ratios, len(ratios)) >= FIRST_YEAR_SCALE
    assert FIRST_YEAR.log_scale([2.0], 1) > FIRST_YEAR_SCALE


def test_the_scale_is_the_posterior_of_the_formula() -> None:
    assert TESTED.log_scale([0.1, -0.2, 0.3], 3) == pytest.approx(math.sqrt((0.01 + 0.04 + 0.09 + 2 * 0.15**2) / 5))
    assert TESTED.log_scale([0.4, 0.4], 1.0) == pytest.approx(math.sqrt((0.16 + 2 * 0.15**2) / 3))


def test_without_origins_the_scale_is_the_priors() -> None:
    assert TESTED.log_scale([], 0) == PRIOR_SCALE
    assert RangePrior.for_log(1_000, 90, is_tested=False) == RangePrior(UNTESTED_SCALE, can_narrow=False)


def test_less_knowledge_makes_a_wider_prior() -> None:
    assert PRIOR_SCALE < FIRST_YEAR_SCALE < UNTESTED_SCALE


@pytest.mark.parametrize(("span", "expected"), [(454, False), (455, True)])
def test_a_year_lies_behind_when_the_same_window_a_year_ago_is_in_the_log(span: int, *, expected: bool) -> None:
    assert has_year_behind(span, 90) is expected


def test_the_nearest_horizon_is_the_same_within_a_tenth() -> None:
    assert nearest_horizon([30, 60, 90], 75) == 60
    assert nearest_horizon([], 75) is None
    assert [is_same_horizon(days, 90) for days in (None, 80, 81, 99, 100)] == [False, False, True, True, False]


def test_windows_that_overlap_count_as_fewer_origins() -> None:
    newest = date(2026, 3, 1)
    spaced = [[newest - timedelta(days=back * gap) for back in range(3)] for gap in (90, 45, 0)]
    assert [independent_origins(origins, 90) for origins in spaced] == [3.0, 2.0, 1.0]
    assert independent_origins([], 90) == 0.0


def test_the_range_is_the_same_factor_to_both_sides_and_its_sentence_has_the_figures() -> None:
    total = TotalRange(measure="buyers", horizon_days=90, span_days=1_000, tested_days=91, origins=3, log_scale=0.15)
    assert total.low * total.high == pytest.approx(1)
    assert total.sentence() == (
        "Total buyers within 90 days: 80 % range -21% to +26% around the predicted total, from 3 test origins over 91 "
        "days."
    )
    assert total.as_json() == {
        "measure": "buyers", "horizon_days": 90, "low": 0.7937, "high": 1.2599, "origins": 3, "tested_days": 91,
        "statement": total.sentence(),
    }  # fmt: skip


def test_before_training_each_horizon_without_a_year_behind_has_a_note() -> None:
    first, as_of = date(2025, 1, 1), date(2026, 3, 12)
    assert (as_of - first).days == 435
    (note,) = first_year_notes(first, as_of, (90, 60))
    assert note == (
        "Totals within 90 days: 80 % range -42% to +71% around the predicted total, from the errors of other logs: no "
        "test origin yet; the log has 435 days, and the season ahead is known from 455 days on."
    )
    assert first_year_notes(first, as_of, (60,)) == ()
