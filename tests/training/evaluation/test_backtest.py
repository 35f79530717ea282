"""Rolling-origin back-test: every tier and every baseline is scored on the outcomes after each origin."""

from dataclasses import replace

import numpy as np
import pytest

from features.calendar import day_number
from tests.training.shops import (
    ZONE,
    TrainingShop,
    build_shop,
    cached_for_session,
    corner_shop,
    simulate_lines,
    small_ensembles,
)
from training.evaluation.backtest import Backtest, backtest, scores
from training.inference.forecast import TIERS
from training.models import MODELS

pytestmark = pytest.mark.slow

TREES_AND_COUNTS = ("ml", "cohort", "population")


@cached_for_session
def small_shop() -> TrainingShop:
    return build_shop(simulate_lines(500, 240, seed=4), 240, (30, 40), 40)


def newest_test(one: TrainingShop, tiers: tuple[str, ...] = TREES_AND_COUNTS) -> Backtest:
    """The newest origin's back-test."""
    with small_ensembles(8):
        return backtest(one.data, replace(one.schedule, origins=one.schedule.origins[:1]), one.plan, tiers, ZONE)[0]


def test_what_is_tested_is_what_came_after_the_origin() -> None:
    one = small_shop()
    test = newest_test(one, ("population",))
    origin = day_number(test.origin)
    lines = one.lines[(one.lines["day_number"] >= origin) & (one.lines["day_number"] < origin + 40)]
    assert test.rows.outcomes.orders_within(40).sum() <= (lines["amount"] > 0).sum()
    assert set(test.rows.cutoff.tolist()) == {origin}
    assert set(test.rows.outcomes.follow_days.tolist()) == {float(day_number(one.schedule.as_of) - origin)}


def test_only_those_who_had_ordered_are_tested() -> None:
    assert (newest_test(small_shop(), ("population",)).rows.column("orders") >= 1).all()


def test_every_origin_is_tested_newest_first() -> None:
    one = corner_shop()
    messages: list[str] = []
    tests = backtest(one.data, one.schedule, one.plan, ("cohort", "population"), ZONE, messages.append)
    assert [test.origin for test in tests] == list(one.schedule.origins) == sorted(one.schedule.origins, reverse=True)
    assert len(tests) == 3
    assert messages == [f"testing at {origin:%Y-%m-%d}" for origin in one.schedule.origins]


def test_every_tier_and_every_baseline_is_scored_at_every_origin() -> None:
    one = corner_shop()
    tests = backtest(one.data, one.schedule, one.plan, ("cohort", "population"), ZONE)
    metrics_by_key = {(score.model, score.origin, score.contestant): score.metrics for score in scores(tests)}
    expected = {
        (name, origin, contestant)
        for name, model in MODELS.items()
        for origin in one.schedule.origins
        for contestant in ("cohort", "population", *model.baselines)
    }
    assert set(metrics_by_key) == expected
    assert all(np.isfinite(metrics_by_key[key][MODELS[key[0]].headline]) for key in metrics_by_key)


def test_trees_and_counts_beat_everybody_alike() -> None:
    test = newest_test(small_shop(), ("ml", *TIERS[2:]))
    losses = {
        tier: MODELS["churn"].loss(test.rows.outcomes, test.plan, test.forecasts[tier]).mean()
        for tier in test.forecasts
    }
    assert losses["ml"] < losses["population"]
    assert losses["cohort"] < losses["population"]


def test_a_log_too_short_for_an_origin_is_tested_at_none() -> None:
    one = build_shop(simulate_lines(100, 10), 10, (30,), 30)
    assert backtest(one.data, one.schedule, one.plan, one.readiness.tiers, ZONE) == []
