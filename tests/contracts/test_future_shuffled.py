"""Fault: the future reaches a feature or a model. Data after a cutoff must change neither."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from features.calendar import DAY_US, day_number
from tests.contracts.generated import SIX_EXAMPLES, Log, future_logs, known_features, outcomes_after_today, past_logs
from tests.training.shops import (
    FITTED_TIERS,
    ZONE,
    TrainingShop,
    build_shop,
    cached_for_session,
    order_lines,
    simulate_lines,
    small_ensembles,
)
from training.evaluation.backtest import Backtest, backtest
from training.fitting.fit import FittedTier
from training.inference.serialization import serialize_tiered_model

pytestmark = pytest.mark.slow


@SIX_EXAMPLES
@given(past_logs(), future_logs(), future_logs())
def test_another_future_changes_no_feature(past: Log, first_future: Log, second_future: Log) -> None:
    assert known_features(past.combine(first_future).history) == known_features(past.combine(second_future).history)


def test_a_corrupted_future_changes_outcomes_but_no_feature() -> None:
    past = Log((("ann", "2026-02-20 09:30:00", "10.00", "A1", None, "p"),), (("ann", "2026-02-21 09:30:00", "visit"),))
    after = Log(
        (
            ("ann", "2026-03-01 00:00:00", "99999.00", "A1", "2026-01-01 00:00:00", "q"),
            ("ann", "2026-03-02 00:00:00", "-10.00", "A1", None, "p"),
            ("ann", "2026-02-22 00:00:00", "7.00", None, "2026-03-01 00:00:00", "q"),
            ("new", "2026-03-05 00:00:00", "1.00", "A1", None, "p"),
        ),
        (("ann", "2026-03-01 00:00:00", "visit"), ("new", "2026-03-01 00:00:00", "post")),
    )
    history = past.combine(after).history
    assert known_features(history) == known_features(past.history)
    assert outcomes_after_today(history, "ann").spend[0, 0] != outcomes_after_today(past.history, "ann").spend[0, 0]


@cached_for_session
def small_shop() -> TrainingShop:
    return build_shop(simulate_lines(500, 240, seed=4), 240, (30, 40), 40)


@cached_for_session
def newest_backtest(seed: int | None) -> tuple[TrainingShop, Backtest]:
    """The back-test at the newest origin, of the original log or of one with a shuffled future."""
    shop = small_shop() if seed is None else build_shop(with_shuffled_future(small_shop(), seed), 240, (30, 40), 40)
    assert shop.schedule.origins == small_shop().schedule.origins
    schedule = replace(shop.schedule, origins=shop.schedule.origins[:1])
    with small_ensembles(8):
        return shop, backtest(shop.data, schedule, shop.readiness.tested_plan, FITTED_TIERS, ZONE)[0]


def with_shuffled_future(shop: TrainingShop, seed: int) -> pd.DataFrame:
    """The same log up to the newest origin; after it other customers order on other days for other amounts."""
    rng = np.random.default_rng(seed)
    origin = day_number(shop.schedule.origins[0])
    past, future = (shop.lines[shop.lines["day_number"] < origin], shop.lines[shop.lines["day_number"] >= origin])
    start, end = origin * DAY_US, day_number(shop.schedule.as_of) * DAY_US
    order_days = np.sort(rng.integers(start, end, 3 * len(future))) / DAY_US - day_number(
        pd.Timestamp("2020-01-01").date()
    )
    customers = rng.choice(shop.lines["customer_id"].unique()[::3], len(order_days))
    shuffled = order_lines(
        customers.tolist(), order_days, np.where(rng.uniform(size=len(order_days)) < 0.5, 500.0, 1.0)
    )
    missing = sorted(set(future["customer_id"]) - set(past["customer_id"]))
    newcomers = order_lines(missing, np.full(len(missing), order_days[-1]), np.ones(len(missing)))
    return pd.concat([past, shuffled, newcomers]).assign(order_id=lambda lines: [f"o{n}" for n in range(len(lines))])


def serialized_tiers(fitted: Mapping[str, FittedTier], shop: TrainingShop) -> dict[str, str]:
    """The serialized form of every fitted tier."""
    return {
        tier: json.dumps(
            [
                serialize_tiered_model(fitted_tier.tiered_model, shop.data.names),
                {name: dict(artifact) for name, artifact in fitted_tier.files.items()},
            ]
        )
        for tier, fitted_tier in fitted.items()
    }


def test_another_future_is_another_outcome() -> None:
    (_, before), (_, after) = newest_backtest(None), newest_backtest(1)
    assert not np.array_equal(before.rows.outcomes.orders, after.rows.outcomes.orders)


def test_another_future_changes_no_fitted_byte() -> None:
    (shop, before), (shuffled_shop, after) = newest_backtest(None), newest_backtest(1)
    assert serialized_tiers(before.fitted_tiers, shop) == serialized_tiers(after.fitted_tiers, shuffled_shop)


@pytest.mark.parametrize("tier", FITTED_TIERS)
def test_another_future_changes_no_prediction(tier: str) -> None:
    (_, before), (_, after) = newest_backtest(None), newest_backtest(1)
    then, now = before.forecasts[tier], after.forecasts[tier]
    assert np.array_equal(before.rows.inputs, after.rows.inputs, equal_nan=True)
    assert np.array_equal(then.order_by, now.order_by)
    assert np.array_equal(then.expected_orders, now.expected_orders)
    assert then.spend is not None
    assert now.spend is not None
    assert np.array_equal(vars(then.spend)["mean"], vars(now.spend)["mean"])
    assert np.array_equal(then.spend.p90, now.spend.p90)
