from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.training.experiments.allocation.cases import counts_of
from training.experiments.allocation.change import change_of_effects


def test_constant_effects_under_a_trend_are_rarely_called_a_change_and_a_new_winner_always_is() -> None:
    rng = np.random.default_rng(6)
    lifts = np.array([1.0, 1.1, 1.2])
    trend = np.linspace(0.03, 0.09, 40)[:, None]
    units = np.broadcast_to(np.linspace([100, 100, 100], [30, 30, 240], 40).astype(int), (400, 1, 40, 3))
    base = counts_of(np.zeros((1, 40, 3)), np.zeros((1, 40, 3)))
    constant = rng.binomial(units, trend * lifts)
    changed = rng.binomial(
        units[:, :, :, :] * 5, np.where(np.arange(40)[:, None] < 20, trend * lifts, trend * lifts[::-1])
    )
    p_constant, p_changed = (
        change_of_effects(replace(base, units=n.astype(float), exposure=n.astype(float), conversions=c.astype(float)))
        for n, c in ((units, constant), (units * 5, changed))
    )
    assert np.mean(p_constant < 0.05) == pytest.approx(0.05, abs=0.035)  # 3 standard errors of 400 runs
    assert np.mean(p_changed < 0.05) > 0.95


def test_one_day_shows_no_change() -> None:
    assert change_of_effects(counts_of(np.array([[[50, 50]]]), np.array([[[5, 9]]]))).tolist() == [1.0]
