"""Schedule: training cutoffs and test origins; no outcome after a test origin is used for training."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.dataset.plan import YEAR_DAYS
from training.dataset.schedule import MAX_YEARS, PACE_WINDOWS, Schedule, days_needed, plan_schedule, warmup_days

FIRST = date(2021, 1, 1)
FIVE_YEARS = 5 * 365

spans = st.integers(1, FIVE_YEARS)
horizon_lists = st.lists(st.integers(1, 730), min_size=1, max_size=4, unique=True).map(lambda days: tuple(sorted(days)))


def build_schedule(span: int, horizons: tuple[int, ...] = (30, 90, 365), churn_days: int | None = None) -> Schedule:
    """The schedule of a shop that opened ``span`` days ago."""
    return plan_schedule(FIRST, FIRST + timedelta(days=span), horizons, churn_days or max(horizons))


@given(spans, horizon_lists)
def test_every_origin_has_a_window_over_after_it_and_one_before_it(span: int, horizons: tuple[int, ...]) -> None:
    plan = build_schedule(span, horizons)
    assert (plan.tested_horizon is None) == (not plan.origins)
    for origin in plan.origins:
        assert plan.tested_horizon is not None
        assert origin + timedelta(days=plan.tested_horizon) <= plan.as_of
        assert plan.training_cutoffs(origin, plan.tested_horizon)


@given(spans, horizon_lists)
def test_cutoffs_ascend_from_after_the_warm_up_to_today(span: int, horizons: tuple[int, ...]) -> None:
    plan = build_schedule(span, horizons)
    assert list(plan.cutoffs) == sorted(set(plan.cutoffs))
    assert plan.cutoffs[-1] == plan.as_of
    assert plan.cutoffs[0] >= FIRST + timedelta(days=warmup_days(span))
    assert set(plan.origins) <= set(plan.cutoffs)
    assert list(plan.origins) == sorted(set(plan.origins), reverse=True)
    assert plan.span == span


@given(spans, horizon_lists)
def test_the_number_of_cutoffs_is_limited(span: int, horizons: tuple[int, ...]) -> None:
    assert len(build_schedule(span, (30, 90, 365), 30).cutoffs) <= 60
    assert len(build_schedule(span, (30, 90, 365), 90).cutoffs) <= 45
    assert len(build_schedule(span, horizons, min(horizons)).cutoffs) <= 90
    assert len(build_schedule(span, horizons, max(horizons)).cutoffs) <= 90


@given(spans, horizon_lists)
def test_a_horizon_that_fits_is_taught_by_a_window_that_ends_today_and_at_every_origin(
    span: int, horizons: tuple[int, ...]
) -> None:
    plan = build_schedule(span, horizons)
    start = FIRST + timedelta(days=warmup_days(span))
    for limit in (plan.as_of, *plan.origins):
        for days in horizons:
            if limit - timedelta(days=days) >= start:
                assert limit - timedelta(days=days) in plan.cutoffs


@given(st.integers(450, FIVE_YEARS), horizon_lists)
def test_the_same_days_of_earlier_years_are_cutoffs(span: int, horizons: tuple[int, ...]) -> None:
    plan = build_schedule(span, horizons)
    start = FIRST + timedelta(days=warmup_days(span))
    for years in range(1, MAX_YEARS + 1):
        day = plan.as_of - timedelta(days=YEAR_DAYS * years)
        assert day < start or nearest_days(plan, day) <= plan.step / 10


@given(st.integers(450, FIVE_YEARS), horizon_lists)
def test_the_window_before_the_same_days_a_year_ago_begins_at_a_cutoff(span: int, horizons: tuple[int, ...]) -> None:
    plan = build_schedule(span, horizons)
    start = FIRST + timedelta(days=warmup_days(span))
    for limit in (plan.as_of, *plan.origins):
        for days in horizons:
            day = limit - timedelta(days=YEAR_DAYS + days)
            assert day < start or nearest_days(plan, day) <= plan.step / 10


@given(st.integers(450, FIVE_YEARS), horizon_lists)
def test_the_pace_has_its_short_windows_now_and_a_year_ago_at_every_limit(span: int, horizons: tuple[int, ...]) -> None:
    plan = build_schedule(span, horizons)
    start = FIRST + timedelta(days=warmup_days(span))
    for limit in (plan.as_of, *plan.origins):
        for back in range(1, PACE_WINDOWS + 1):
            for years in (0, 1):
                day = limit - timedelta(days=plan.step * back + YEAR_DAYS * years)
                assert day < start or nearest_days(plan, day) <= plan.step / 10


def nearest_days(plan: Schedule, day: date) -> int:
    """Days from a day to the nearest cutoff."""
    return min(abs((cutoff - day).days) for cutoff in plan.cutoffs)


def test_cutoffs_get_sparser_with_their_age() -> None:
    plan = build_schedule(1_500, (30,))
    lags = np.array([(plan.as_of - cutoff).days for cutoff in plan.cutoffs])
    by_half_year = [int(((lags >= begin) & (lags < begin + 182)).sum()) for begin in (0, 182, 546)]
    assert by_half_year[0] > by_half_year[1] > by_half_year[2] > 0


@given(spans, horizon_lists)
def test_trainable_horizons_are_never_empty_and_never_too_long(span: int, horizons: tuple[int, ...]) -> None:
    plan = build_schedule(span, horizons)
    for limit in (plan.as_of, *plan.origins):
        trainable = plan.trainable_horizons(limit, horizons)
        assert trainable
        assert all(days >= 1 for days in trainable)
        if trainable != (1,):
            assert all(plan.training_cutoffs(limit, days) for days in trainable)
            assert set(trainable) <= set(horizons) or len(trainable) == 1


@given(st.integers(1, 730))
def test_a_log_is_long_enough_on_the_day_that_is_promised(horizon: int) -> None:
    needed = days_needed(horizon)
    assert build_schedule(needed, (horizon,)).tested_horizon == horizon
    assert build_schedule(needed - 1, (horizon,)).tested_horizon != horizon


@given(spans, st.integers(1, 730))
def test_a_longer_log_tests_at_least_as_far_ahead(span: int, horizon: int) -> None:
    assert (
        build_schedule(span, (horizon,)).tested_horizon != horizon
        or build_schedule(span + 1, (horizon,)).tested_horizon == horizon
    )


@pytest.mark.parametrize("span", [0, 1, 2, 3])
def test_a_shop_that_has_just_opened_has_a_schedule(span: int) -> None:
    plan = build_schedule(span)
    assert plan.origins == ()
    assert plan.cutoffs[-1] == plan.as_of
    assert plan.trainable_horizons(plan.as_of, (30, 90)) == (max(span - 1, 1),)


def test_a_year_and_a_half_is_tested_at_the_longest_horizon_that_fits_twice() -> None:
    plan = build_schedule(547)
    assert (plan.tested_horizon, plan.step) == (90, 30)
    assert plan.origins == (date(2022, 4, 3), date(2022, 3, 6), date(2022, 2, 6))
    assert plan.trainable_horizons(plan.as_of, (30, 90, 365)) == (30, 90, 365)
    assert plan.trainable_horizons(plan.origins[2], (30, 90, 365)) == (30, 90)


def test_a_grid_that_begins_too_late_for_its_oldest_origin_gets_the_first_possible_day() -> None:
    plan = build_schedule(280, (90,))
    start = FIRST + timedelta(days=warmup_days(280))
    assert plan.cutoffs[0] == start
    assert plan.training_cutoffs(plan.origins[-1], 90)[0] == start


def test_requested_origins_are_cutoffs() -> None:
    origins = [date(2021, 9, 1), date(2021, 11, 1), date(2021, 9, 1)]
    plan = plan_schedule(FIRST, date(2022, 6, 1), (30,), 30, origins)
    assert plan.origins == (date(2021, 11, 1), date(2021, 9, 1))
    assert set(origins) <= set(plan.cutoffs)
    assert plan.cutoffs[-1] == plan.as_of
