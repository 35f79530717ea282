"""Level: totals follow last year's season and the pace as far as they explained the errors of earlier origins."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.arrays import Floats
from tests.training.shops import small_ensembles
from tests.training.simulated_rows import PLAN, Pace, simulate_shop
from training.dataset.plan import YEAR_DAYS
from training.fitting.average.fit import fit_average
from training.fitting.average.level import (
    IGNORED_LOG,
    MAX_LOG,
    PRIOR_SHARES,
    Level,
    LevelShares,
    LogRatios,
    learn_level_shares,
    level_seasonality,
    measure_season,
)
from training.fitting.btyd_tier import fit_btyd_tier

LIMIT = 2 * YEAR_DAYS + 100
KINDS = pytest.mark.parametrize("kind", ["buyers", "orders"])
logs = st.floats(-3, 3)
shares = st.floats(0, 1)


def alike(log: float) -> LogRatios:
    return LogRatios(log, log)


def factor(season: float | None, pace: float | None, followed: LevelShares = PRIOR_SHARES) -> float:
    """The log of the factor on orders."""
    level = Level(None if season is None else alike(season), None if pace is None else alike(pace))
    seasonality = level_seasonality(level, followed, PLAN)
    assert seasonality is not None
    assert set(seasonality.orders.learned) == {seasonality.orders.beyond}
    assert seasonality.buyers == seasonality.orders == seasonality.spend
    return float(np.log(seasonality.orders.beyond))


@given(logs, logs, shares, shares)
def test_the_factor_on_totals_follows_both_shares_up_to_a_limit(
    season: float, pace: float, of_season: float, of_pace: float
) -> None:
    followed = LevelShares(alike(of_season), alike(of_pace))
    beyond_noise = np.sign(season) * max(abs(season) - IGNORED_LOG, 0)
    expected = np.clip(of_season * beyond_noise + of_pace * pace, -MAX_LOG, MAX_LOG)
    assert factor(season, pace, followed) == pytest.approx(expected, abs=1e-9)


def test_a_season_within_the_noise_changes_nothing() -> None:
    assert factor(IGNORED_LOG, None) == factor(-IGNORED_LOG, 0.0) == 0.0
    assert factor(2 * IGNORED_LOG, None) > 0


def test_where_nothing_is_known_of_the_level_there_is_no_factor() -> None:
    assert level_seasonality(Level(None, None), PRIOR_SHARES, PLAN) is None


def learn(levels: list[Level], errors: list[float]) -> LevelShares:
    return learn_level_shares(levels, [alike(error) for error in errors])


def test_without_a_tested_origin_the_shares_are_the_prior() -> None:
    assert learn([], []) == PRIOR_SHARES
    assert learn([Level(None, None)] * 3, [0.5, -0.5, 1.0]) == PRIOR_SHARES


@KINDS
def test_a_season_that_explained_the_errors_is_followed_and_one_that_did_not_is_not(kind: str) -> None:
    levels = [Level(alike(log), None) for log in (0.8, -0.7, 0.9)]
    right, none, wrong = (
        getattr(learn(levels, errors).season, kind) for errors in ([0.8, -0.7, 0.9], [0.0] * 3, [-0.8, 0.7, -0.9])
    )
    assert 1 >= right > getattr(PRIOR_SHARES.season, kind) > none > wrong >= 0


@KINDS
def test_a_pace_that_explained_what_the_season_left_is_followed(kind: str) -> None:
    levels = [Level(None, alike(log)) for log in (0.6, -0.5, 0.7)]
    right, none = (getattr(learn(levels, errors).pace, kind) for errors in ([0.6, -0.5, 0.7], [0.0] * 3))
    assert 0.5 >= right > getattr(PRIOR_SHARES.pace, kind) > none >= 0


@given(st.lists(st.tuples(logs, logs, logs), max_size=5))
def test_shares_are_never_negative_and_never_above_all_of_the_season_and_half_of_the_pace(
    tests: list[tuple[float, float, float]],
) -> None:
    learned = learn([Level(alike(season), alike(pace)) for season, pace, _ in tests], [error for *_, error in tests])
    for kind in ("buyers", "orders"):
        assert 0 <= getattr(learned.season, kind) <= 1
        assert 0 <= getattr(learned.pace, kind) <= 0.5


def busy_ahead(day: Floats) -> Floats:
    """Three times as many orders in the 60 days that lie ahead of the limit, every year."""
    return np.where((day - LIMIT) % YEAR_DAYS < 60, 3.0, 1.0)


def busy_till_now(day: Floats) -> Floats:
    """Three times as many orders in the 60 days before the limit, every year."""
    return np.where((day - LIMIT) % YEAR_DAYS >= YEAR_DAYS - 60, 3.0, 1.0)


@cache
def season_of(pace: Pace, first: int = 100) -> LogRatios | None:
    cutoffs = [day for day in range(LIMIT - 20 * 40, LIMIT + 1, 20) if day >= first]
    cutoffs = sorted({*cutoffs, *(day for day in (LIMIT - YEAR_DAYS, LIMIT - YEAR_DAYS - 60) if day >= first)})
    rows = simulate_shop(LIMIT, 200, pace, gap_days=40, lifetime_days=1e9).rows(cutoffs)
    with small_ensembles(3):
        return measure_season(fit_average(rows, PLAN, fit_btyd_tier(rows, PLAN), LIMIT), PLAN, LIMIT)


@pytest.mark.slow
@KINDS
def test_a_season_ahead_raises_the_level_and_one_that_ends_lowers_it(kind: str) -> None:
    ahead, steady, ended = (getattr(season_of(pace), kind) for pace in (busy_ahead, np.ones_like, busy_till_now))
    assert ahead > steady + 0.2
    assert ended < steady - 0.2
    assert abs(steady) < 0.25


def half_as_often_lately(day: Floats) -> Floats:
    return np.where(day >= LIMIT - 60, 0.5, 1.0)


@pytest.mark.slow
@KINDS
def test_the_error_of_the_newest_window_carries_over(kind: str) -> None:
    assert getattr(season_of(half_as_often_lately), kind) < getattr(season_of(np.ones_like), kind) - 0.15


@pytest.mark.slow
def test_a_log_without_the_window_ahead_and_the_one_before_it_a_year_ago_has_no_season() -> None:
    assert season_of(np.ones_like, LIMIT - YEAR_DAYS - 10) is None
