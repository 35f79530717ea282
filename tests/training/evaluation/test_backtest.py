"""Rolling-origin back-test: every tier and every baseline is scored on the outcomes after each origin."""

from dataclasses import replace

import numpy as np
import pytest

from features.calendar import day_number
from tests.training.shops import (
    ZONE,
    FakeFeatureStore,
    TrainingShop,
    build_shop,
    cached_for_session,
    corner_shop,
    history,
    simulate_lines,
    small_ensembles,
)
from training.dataset.outcomes import Rows
from training.dataset.point_in_time import build_dataset
from training.evaluation.backtest import Backtest, backtest, learn_shares, scores
from training.fitting.average.level import PRIOR_SHARES, Level, LogRatios
from training.fitting.fit import fit_tiers
from training.models import MODELS

pytestmark = pytest.mark.slow

AVERAGE_AND_MEAN = ("average", "population")


@cached_for_session
def small_shop() -> TrainingShop:
    return build_shop(simulate_lines(500, 240, seed=4), 240, (30, 40), 40)


@cached_for_session
def newest_test() -> Backtest:
    """The newest origin's back-test."""
    one = small_shop()
    newest = replace(one.schedule, origins=one.schedule.origins[:1])
    with small_ensembles(8):
        return backtest(one.data, newest, one.plan, AVERAGE_AND_MEAN, ZONE)[0]


def test_what_is_tested_is_what_came_after_the_origin() -> None:
    one = small_shop()
    test = newest_test()
    origin = day_number(test.origin)
    lines = one.lines[(one.lines["day_number"] >= origin) & (one.lines["day_number"] < origin + 40)]
    assert test.rows.outcomes.orders_within(40).sum() <= (lines["amount"] > 0).sum()
    assert set(test.rows.cutoff.tolist()) == {origin}
    assert set(test.rows.outcomes.follow_days.tolist()) == {float(day_number(one.schedule.as_of) - origin)}


def test_only_those_who_had_ordered_are_tested() -> None:
    assert (newest_test().rows.column("orders") >= 1).all()


MESSAGES: list[str] = []


@cached_for_session
def corner_tests() -> list[Backtest]:
    """The simple tiers of the corner shop at every origin."""
    one = corner_shop()
    return backtest(one.data, one.schedule, one.plan, ("btyd", "population"), ZONE, MESSAGES.append)


def test_every_origin_is_tested_newest_first() -> None:
    origins = corner_shop().schedule.origins
    assert [test.origin for test in corner_tests()] == list(origins) == sorted(origins, reverse=True)
    assert len(corner_tests()) == 3
    assert [f"testing at {origin:%Y-%m-%d}" for origin in origins] == MESSAGES


def test_every_tier_and_every_baseline_is_scored_at_every_origin() -> None:
    metrics_by_key = {(score.model, score.origin, score.contestant): score.metrics for score in scores(corner_tests())}
    expected = {
        (name, origin, contestant)
        for name, model in MODELS.items()
        for origin in corner_shop().schedule.origins
        for contestant in ("btyd", "population", *model.baselines)
    }
    assert set(metrics_by_key) == expected
    assert all(np.isfinite(metrics_by_key[key][MODELS[key[0]].headline]) for key in metrics_by_key)


def test_the_average_beats_a_mean_for_all() -> None:
    test = newest_test()
    for name in ("churn", "next_purchase", "ltv"):
        average, mean = (
            MODELS[name].loss(test.rows.outcomes, test.plan, test.forecasts[tier]).mean() for tier in AVERAGE_AND_MEAN
        )
        assert average < mean


def test_the_average_learns_nothing_from_after_the_origin() -> None:
    one = small_shop()
    origin = one.schedule.origins[0]
    lines = one.lines[one.lines["day_number"] < day_number(origin)]
    log = history(lines)
    earlier = [cutoff for cutoff in one.cutoffs if cutoff.day <= origin]
    published = FakeFeatureStore(log, earlier)
    data = build_dataset(published.known_customers(earlier), earlier, log, published)
    with small_ensembles(8):
        rows = data.rows(earlier[-1], one.plan.outcome_horizons, earlier)
        fitted = fit_tiers(rows, one.plan, earlier[-1].day_number, ("average",))["average"]
    tested = newest_test().fitted_tiers["average"]
    assert fitted.files == tested.files


def test_the_shares_of_the_level_are_learned_from_origins_that_measured_one() -> None:
    test = newest_test()
    fitted = test.fitted_tiers["average"]
    assert fitted.level == Level(None, None)
    assert learn_shares([], "average") == PRIOR_SHARES
    assert (
        learn_shares([replace(test, fitted_tiers={"average": replace(fitted, level=None)})], "average") == PRIOR_SHARES
    )
    slower = replace(fitted, level=Level(None, LogRatios(-0.5, -0.5)))
    few, many = (
        learn_shares(
            [replace(test, fitted_tiers={"average": slower}, rows=with_share_of_orders(test.rows, share))] * 3,
            "average",
        )
        for share in (0.4, 1.0)
    )
    for kind in ("buyers", "orders"):
        assert getattr(few.pace, kind) > getattr(PRIOR_SHARES.pace, kind)
        assert getattr(few.pace, kind) > getattr(many.pace, kind)
        assert getattr(few.season, kind) == getattr(PRIOR_SHARES.season, kind)


def with_share_of_orders(rows: Rows, share: float) -> Rows:
    """The rows where only a share of the customers ordered."""
    gone = rows.customer % 10 >= 10 * share
    outcomes = rows.outcomes
    return replace(
        rows,
        outcomes=replace(
            outcomes,
            wait_days=np.where(gone, np.inf, outcomes.wait_days),
            orders=np.where(gone[:, None], 0.0, outcomes.orders),
        ),
    )


def test_a_log_too_short_for_an_origin_is_tested_at_none() -> None:
    one = build_shop(simulate_lines(100, 10), 10, (30,), 30)
    assert backtest(one.data, one.schedule, one.plan, one.readiness.tiers, ZONE) == []
