"""Trend: the mean weekly change, with an interval that covers it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training.growth.shop_logs import DEFINITION, random_log
from training.growth.movements import count_movements
from training.growth.refusal import GrowthRefusal
from training.growth.trend import Trend, growth_trend


def trend_of(net: list[int]) -> Trend:
    trend = growth_trend(net)
    assert isinstance(trend, Trend)
    return trend


@pytest.mark.parametrize("drift", [0.0, 3.0])
@pytest.mark.parametrize("memory", [0.0, 0.8])
def test_the_interval_covers_the_planted_drift_in_ninety_of_a_hundred_shops(drift: float, memory: float) -> None:
    covered = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        noise = rng.normal(0, 8, 27)
        trend = trend_of(np.rint(drift + noise[1:] + memory * noise[:-1]).astype(int).tolist())
        covered += trend.low <= drift <= trend.high
    assert covered >= 90


def test_a_steady_shop_has_no_clear_trend_in_ninety_of_a_hundred() -> None:
    clear = 0
    for seed in range(100):
        log = random_log(seed, customers=300, days=500)
        clear += trend_of([each.net for each in count_movements(log, DEFINITION, range(290, 480, 7))]).low > 0
    assert clear <= 10


def test_only_the_last_half_year_counts() -> None:
    assert trend_of([100] * 50 + [1, 2] * 13).per_week == 1.5


def test_a_trend_has_a_direction() -> None:
    assert trend_of([5, 6] * 13).direction == "rising"
    assert trend_of([-5, -6] * 13).direction == "falling"
    assert trend_of([-5, 5] * 13).direction == "unclear"


def test_a_few_weeks_have_no_trend() -> None:
    refusal = growth_trend([1] * 7)
    assert isinstance(refusal, GrowthRefusal)
    assert refusal.reason == "log_too_short"
    assert refusal.detail == "Found 7 whole weeks; expected at least 8 for a trend. Wait for more weeks."
