"""Cutoff weights: finished windows alone teach, the recent ones most often, and the same season where it is asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.dataset.plan import YEAR_DAYS
from training.fitting.average.cutoff_weights import (
    RECENT_CUTOFFS,
    SeasonWeights,
    cutoff_weights,
    has_year_ago,
    sampled_rows,
    teaching_cutoffs,
)

LIMIT, HORIZON = 2_000, 60
WEEKLY = list(range(500, LIMIT + 1, 7))
SEASONS = pytest.mark.parametrize("season", list(SeasonWeights))
cutoff_lists = st.lists(st.integers(0, LIMIT), min_size=1, max_size=60)
horizons = st.sampled_from([7, 30, 60, 180])


@SEASONS
@given(cutoff_lists, horizons)
def test_a_cutoff_whose_window_is_open_weighs_nothing_and_the_others_1_on_average(
    season: SeasonWeights, cutoffs: list[int], horizon: int
) -> None:
    cutoff = np.array(cutoffs)
    weight = cutoff_weights(cutoff, LIMIT, horizon, season)
    assert (weight >= 0).all()
    assert (weight[cutoff + horizon > LIMIT] == 0).all()
    if (cutoff + horizon <= LIMIT).any():
        assert weight[weight > 0].mean() == pytest.approx(1.0)
    else:
        assert (weight == 0).all()


@SEASONS
def test_rows_of_one_cutoff_weigh_alike(season: SeasonWeights) -> None:
    cutoff = np.repeat(WEEKLY, 3)
    weight = cutoff_weights(cutoff, LIMIT, HORIZON, season).reshape(-1, 3)
    assert (np.ptp(weight, axis=1) == 0).all()


@given(cutoff_lists, horizons)
def test_at_most_ten_cutoffs_are_recent_and_the_newest_finished_is_one_of_them(
    cutoffs: list[int], horizon: int
) -> None:
    chosen = teaching_cutoffs(cutoffs, LIMIT, horizon)
    recent = [day for day, is_recent in chosen.items() if is_recent]
    finished = [day for day in cutoffs if day + horizon <= LIMIT]
    assert len(recent) <= RECENT_CUTOFFS
    assert bool(chosen) == bool(finished)
    if finished:
        assert max(finished) in recent


def test_recent_cutoffs_are_a_third_of_the_horizon_apart() -> None:
    recent = sorted(day for day, is_recent in teaching_cutoffs(WEEKLY, LIMIT, HORIZON).items() if is_recent)
    assert len(recent) == RECENT_CUTOFFS
    assert np.diff(recent) == pytest.approx(np.full(RECENT_CUTOFFS - 1, HORIZON / 3), abs=7)


def test_the_same_day_of_earlier_years_teaches_beside_the_recent_ones() -> None:
    earlier = [day for day, is_recent in teaching_cutoffs(WEEKLY, LIMIT, HORIZON).items() if not is_recent]
    assert sorted(LIMIT - day for day in earlier) == pytest.approx(
        [YEAR_DAYS * years for years in range(1, 5)], abs=0.03 * YEAR_DAYS
    )


def test_the_same_season_counts_more_only_where_it_is_asked_to() -> None:
    cutoff = np.array(WEEKLY)
    teaching = teaching_cutoffs(WEEKLY, LIMIT, HORIZON)
    a_year_ago = min(teaching, key=lambda day: abs(LIMIT - YEAR_DAYS - day))
    half_a_year_ago = min(teaching, key=lambda day: abs(LIMIT - YEAR_DAYS / 2 - day))
    ratio = {}
    for season in SeasonWeights:
        weight = dict(zip(WEEKLY, cutoff_weights(cutoff, LIMIT, HORIZON, season).tolist(), strict=True))
        ratio[season] = weight[a_year_ago] / weight[half_a_year_ago]
    assert ratio[SeasonWeights.EQUAL] == 1
    assert 1 < ratio[SeasonWeights.MIXED] < ratio[SeasonWeights.SEASONAL]


def test_a_log_without_a_finished_window_a_year_ago_has_equal_weights() -> None:
    young = np.array([day for day in WEEKLY if day > LIMIT - YEAR_DAYS + 40])
    assert not has_year_ago(young.tolist(), LIMIT, HORIZON)
    assert has_year_ago(WEEKLY, LIMIT, HORIZON)
    weights = [cutoff_weights(young, LIMIT, HORIZON, season) for season in SeasonWeights]
    assert np.array_equal(weights[0], weights[1])
    assert np.array_equal(weights[0], weights[2])


def test_a_year_ago_is_near_across_the_end_of_the_year() -> None:
    january = 3 * YEAR_DAYS + 5
    december = [YEAR_DAYS * 2 - 5, YEAR_DAYS * 2 + 5, january - 200, january - 130, january - HORIZON]
    assert has_year_ago(december, january, HORIZON)


@given(st.integers(1, 40), st.integers(1, 300))
def test_the_same_customers_are_sampled_at_every_cutoff(per_cutoff: int, customers: int) -> None:
    customer, cutoff = np.tile(np.arange(customers), 3), np.repeat([10, 20, 30], customers)
    mask = sampled_rows(customer, cutoff, per_cutoff)
    sampled = [set(customer[mask & (cutoff == day)].tolist()) for day in (10, 20, 30)]
    assert sampled[0] == sampled[1] == sampled[2]
    assert len(sampled[0]) == min(per_cutoff, customers)
