"""Fault: something of the future reaches a feature or a model. Whatever comes after a cutoff must change neither."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from features.calendar import DAY_US, day_number
from tests.contracts.generated import SEVERAL, Log, futures, happened, known, pasts
from tests.training.shops import ZONE, Shop, few_rounds, kept, log, shop, simulated
from training.evaluation.backtest import Backtest, backtest
from training.fitting.fit import Fitted
from training.inference.forecast import TIERS
from training.inference.serialization import to_json


@SEVERAL
@given(pasts(), futures(), futures())
def test_another_future_changes_no_feature(past: Log, one: Log, other: Log) -> None:
    assert known(past.and_then(one).history) == known(past.and_then(other).history)


def test_a_corrupted_future_changes_no_feature_though_it_changes_what_happened() -> None:
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
    both = past.and_then(after).history
    assert known(both) == known(past.history)
    assert happened(both, "ann").spend[0, 0] != happened(past.history, "ann").spend[0, 0]


@kept
def sound() -> Shop:
    return shop(simulated(500, 240, seed=4), 240, (30, 40), 40)


@kept
def newest(seed: int | None) -> tuple[Shop, Backtest]:
    """The newest origin's back-test: of the log as it is, or with another future."""
    one = sound() if seed is None else shop(shuffled_after(sound(), seed), 240, (30, 40), 40)
    assert one.laid.origins == sound().laid.origins
    with few_rounds(8):
        return one, backtest(one.data, replace(one.laid, origins=one.laid.origins[:1]), one.plan, TIERS, ZONE)[0]


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


def test_another_future_is_another_outcome() -> None:
    (_, before), (_, after) = newest(None), newest(1)
    assert not np.array_equal(before.test.outcomes.orders, after.test.outcomes.orders)


def test_another_future_changes_no_fitted_byte() -> None:
    (one, before), (other, after) = newest(None), newest(1)
    assert said(before.fitted, one) == said(after.fitted, other)


@pytest.mark.parametrize("tier", TIERS)
def test_another_future_changes_no_prediction(tier: str) -> None:
    (_, before), (_, after) = newest(None), newest(1)
    then, now = before.forecasts[tier], after.forecasts[tier]
    assert np.array_equal(before.test.inputs, after.test.inputs, equal_nan=True)
    assert np.array_equal(then.order_by, now.order_by)
    assert np.array_equal(then.expected_orders, now.expected_orders)
    assert then.spend is not None
    assert now.spend is not None
    assert np.array_equal(vars(then.spend)["mean"], vars(now.spend)["mean"])
    assert np.array_equal(then.spend.p90, now.spend.p90)
