"""Uplift calibration: the best linear predictor of the effect by the score, with an interval that covers."""

from __future__ import annotations

import numpy as np
import pytest

from training.inference.uplift.calibration import UpliftCalibration
from training.uplift.calibration import constant_calibration, fit_calibration


def test_a_score_that_promises_twice_the_effect_is_halved() -> None:
    rng = np.random.default_rng(0)
    effect = rng.normal(0.05, 0.1, 20_000)
    calibration = fit_calibration(2 * effect, effect + rng.normal(size=20_000))
    assert calibration.slope == pytest.approx(0.5, abs=3.5 * np.sqrt(calibration.slope_variance))
    assert calibration.average == pytest.approx(0.05, abs=3.5 * np.sqrt(calibration.average_variance))


def test_intervals_cover_the_mean_effect_at_every_score() -> None:
    rng, runs, at = np.random.default_rng(1), 500, np.array([-1.5, 0.0, 1.0])
    covered = np.zeros(3)
    for _ in range(runs):
        score = rng.normal(size=800)
        effects = 0.1 + 0.05 * score + rng.normal(size=800) * (1 + 0.5 * np.abs(score))
        values = fit_calibration(score, effects).effects(at)
        covered += (values[:, 1] <= 0.1 + 0.05 * at) & (0.1 + 0.05 * at <= values[:, 2])
    assert ((covered / runs >= 0.92) & (covered / runs <= 0.975)).all()


def test_a_score_beyond_what_was_seen_promises_no_more() -> None:
    rng = np.random.default_rng(2)
    score = rng.uniform(size=1_000)
    calibration = fit_calibration(score, score + rng.normal(size=1_000))
    assert np.array_equal(calibration.effects(np.array([50.0])), calibration.effects(np.array([score.max()])))


def test_without_a_ranking_everybody_has_the_average() -> None:
    effects = np.array([0.0, 1.0, 2.0, 1.0])
    values = constant_calibration(effects).effects(np.zeros(3))
    assert values[:, 0].tolist() == [1.0, 1.0, 1.0]
    assert values[0, 2] - values[0, 0] == pytest.approx(1.96 * effects.std() / 2, rel=1e-4)


def test_it_is_read_back_as_it_was() -> None:
    calibration = fit_calibration(np.arange(10.0), np.arange(10.0) ** 2)
    assert UpliftCalibration.from_json(calibration.to_json()) == calibration
