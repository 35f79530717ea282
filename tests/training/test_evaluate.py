"""Rolling origins: what is fitted before an origin knows nothing of what came after it."""

import json
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from features.calendar import DAY_US, day_number
from tests.training.shops import ZONE, Shop, corner_shop, few_rounds, kept, log, shop, simulated
from training.evaluate import Backtest, backtest, scores
from training.fit import Fitted
from training.models import MODELS
from training.predict.forecast import TIERS
from training.predict.ladder_json import to_json

TREES_AND_COUNTS = ("ml", "cohort", "population")


@kept
def sound() -> Shop:
    return shop(simulated(500, 240, seed=4), 240, (30, 40), 40)


def newest_test(one: Shop, tiers: tuple[str, ...] = TREES_AND_COUNTS) -> Backtest:
    """The newest origin's back-test."""
    with few_rounds(8):
        return backtest(one.data, replace(one.laid, origins=one.laid.origins[:1]), one.plan, tiers, ZONE)[0]


def shuffled_after(one: Shop, seed: int) -> pd.DataFrame:
    """The same log up to the newest origin; after it other customers order, on other days, for other amounts."""
    rng = np.random.default_rng(seed)
    origin = day_number(one.laid.origins[0])
    past, future = (one.lines[one.lines["day_number"] < origin], one.lines[one.lines["day_number"] >= origin])
    start, end = origin * DAY_US, day_number(one.laid.as_of) * DAY_US
    when = np.sort(rng.integers(start, end, 3 * len(future))) / DAY_US - day_number(pd.Timestamp("2020-01-01").date())
    who = rng.choice(one.lines["customer_id"].unique()[::3], len(when))
    later = log(who.tolist(), when, np.where(rng.uniform(size=len(when)) < 0.5, 500.0, 1.0))
    missing = sorted(set(future["customer_id"]) - set(past["customer_id"]))
    newcomers = log(missing, np.full(len(missing), when[-1]), np.ones(len(missing)))
    return pd.concat([past, later, newcomers]).assign(order_id=lambda lines: [f"o{n}" for n in range(len(lines))])


def said(fitted: Mapping[str, Fitted], one: Shop) -> dict[str, str]:
    """Every byte that was fitted."""
    return {
        tier: json.dumps([to_json(found.ladder, one.data.names), {k: dict(v) for k, v in found.artefacts.items()}])
        for tier, found in fitted.items()
    }


def test_shuffling_everything_after_an_origin_changes_no_fitted_byte() -> None:
    one = sound()
    other = shop(shuffled_after(one, 1), 240, (30, 40), 40)
    assert other.laid.origins == one.laid.origins
    before, after = newest_test(one), newest_test(other)
    assert said(before.fitted, one) == said(after.fitted, other)
    assert not np.array_equal(before.test.outcomes.orders, after.test.outcomes.orders)


def test_what_is_tested_is_what_came_after_the_origin() -> None:
    one = sound()
    test = newest_test(one, ("population",))
    origin = day_number(test.origin)
    lines = one.lines[(one.lines["day_number"] >= origin) & (one.lines["day_number"] < origin + 40)]
    assert test.test.outcomes.orders_within(40).sum() <= (lines["amount"] > 0).sum()
    assert set(test.test.cutoff.tolist()) == {origin}
    assert set(test.test.outcomes.follow_days.tolist()) == {float(day_number(one.laid.as_of) - origin)}


def test_only_those_who_had_ordered_are_tested() -> None:
    assert (newest_test(sound(), ("population",)).test.column("orders") >= 1).all()


def test_every_origin_is_tested_newest_first() -> None:
    one = corner_shop()
    said: list[str] = []
    tests = backtest(one.data, one.laid, one.plan, ("cohort", "population"), ZONE, said.append)
    assert [test.origin for test in tests] == list(one.laid.origins) == sorted(one.laid.origins, reverse=True)
    assert len(tests) == 3
    assert said == [f"testing at {origin:%Y-%m-%d}" for origin in one.laid.origins]


def test_every_rung_and_every_baseline_is_scored_at_every_origin() -> None:
    one = corner_shop()
    tests = backtest(one.data, one.laid, one.plan, ("cohort", "population"), ZONE)
    found = {(score.model, score.origin, score.who): score.metrics for score in scores(tests)}
    expected = {
        (name, origin, who)
        for name, model in MODELS.items()
        for origin in one.laid.origins
        for who in ("cohort", "population", *model.baselines)
    }
    assert set(found) == expected
    assert all(np.isfinite(found[key][MODELS[key[0]].headline]) for key in found)


def test_trees_and_counts_beat_everybody_alike() -> None:
    test = newest_test(sound(), ("ml", *TIERS[2:]))
    losses = {
        tier: MODELS["churn"].loss(test.test.outcomes, test.plan, test.forecasts[tier]).mean()
        for tier in test.forecasts
    }
    assert losses["ml"] < losses["population"]
    assert losses["cohort"] < losses["population"]


def test_a_log_too_short_for_an_origin_is_tested_at_none() -> None:
    one = shop(simulated(100, 10), 10, (30,), 30)
    assert backtest(one.data, one.laid, one.plan, one.ready.tiers, ZONE) == []
