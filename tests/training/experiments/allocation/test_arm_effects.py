from __future__ import annotations

import numpy as np
import pytest

from tests.training.experiments.allocation.cases import counts_of
from training.experiments.allocation.arm_effects import fit_arm_effects, halve_each


def test_the_effects_are_those_of_weighted_least_squares_with_a_dummy_for_each_day() -> None:
    rng = np.random.default_rng(2)
    units = rng.integers(50, 400, (1, 6, 3))
    conversions = rng.binomial(units, 0.1)
    discount = np.linspace(0.2, 1, 6)
    information = fit_arm_effects(counts_of(units, conversions), discount)
    day, arm = (index.ravel() for index in np.indices((6, 3)))
    exposed, converted = units[0].sum(1), conversions[0].sum(1)
    rates = (conversions[0] / units[0] / (converted / exposed)[:, None]).ravel()
    weights = (discount * converted / exposed / (1 - converted / exposed))[day] * units[0].ravel()
    design = np.column_stack([np.eye(6)[day], np.eye(3)[arm][:, 1:]]) * np.sqrt(weights)[:, None]
    oracle = np.linalg.lstsq(design, rates * np.sqrt(weights), rcond=None)[0][6:]
    effects = np.linalg.pinv(information.precision[0, 0]) @ information.score[0, 0]
    assert effects[1:] - effects[0] == pytest.approx(oracle)


def test_a_trend_with_changing_shares_is_no_effect() -> None:
    units = np.array([[[900, 100], [500, 500], [100, 900]]])
    rates = np.array([0.02, 0.10, 0.30])[None, :, None]
    information = fit_arm_effects(counts_of(units, units * rates), np.ones(3))
    assert information.score == pytest.approx(np.zeros((1, 1, 2)), abs=1e-9)


def test_the_precision_is_the_inverse_variance_of_the_score() -> None:
    rng = np.random.default_rng(5)
    units = np.full((20_000, 1, 2), (300, 700))
    information = fit_arm_effects(counts_of(units, rng.binomial(units, 0.2)), np.ones(1))
    assert information.score[0, :, 0].var() / information.precision[0, :, 0, 0].mean() == pytest.approx(1, abs=0.03)


def test_a_stratum_without_conversions_or_where_everybody_converts_is_finite() -> None:
    units = np.array([[[10, 10], [5, 5], [0, 0]]])
    information = fit_arm_effects(counts_of(units, units * np.array([0, 1, 0])[None, :, None]), np.ones(3))
    assert np.isfinite(information.precision).all()
    assert information.score == pytest.approx(np.zeros((1, 1, 2)), abs=1e-9)


def test_an_observation_counts_half_after_each_half_life() -> None:
    assert halve_each(np.array([20.0, 10.0, 0.0]), 10).tolist() == [0.25, 0.5, 1]
    assert halve_each(np.array([20.0, 0.0]), None).tolist() == [1, 1]
