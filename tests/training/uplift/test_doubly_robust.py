"""Doubly robust scores: unbiased with any outcome model, since the probability of treatment is known."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training.uplift.planted import inputs, one_feature_effect, planted_sample
from training.dataset.randomised_sample import RandomisedSample
from training.uplift.doubly_robust import doubly_robust_scores, mean_effect


@pytest.mark.parametrize("model", [0.0, 0.15, 5.0])
def test_the_mean_is_the_average_effect_with_any_outcome_model(model: float) -> None:
    rng, values = np.random.default_rng(0), []
    for _ in range(300):
        columns = inputs(rng, 400)
        sample = planted_sample(rng, 400, one_feature_effect(columns), columns, probability=0.3)
        values.append(doubly_robust_scores(sample, np.full(400, model), np.full(400, model)).mean())
    assert np.mean(values) == pytest.approx(0.4 * 0.15, abs=3.5 * np.std(values) / np.sqrt(300))


def test_the_right_outcome_model_makes_the_interval_narrower() -> None:
    rng = np.random.default_rng(1)
    columns = inputs(rng, 5_000)
    effect = one_feature_effect(columns)
    sample = planted_sample(rng, 5_000, effect, columns)
    right = mean_effect(doubly_robust_scores(sample, 0.15 + effect, np.full(5_000, 0.15)))
    none = mean_effect(doubly_robust_scores(sample, np.zeros(5_000), np.zeros(5_000)))
    assert right.standard_error < 0.95 * none.standard_error


def test_the_interval_covers_the_truth_under_changing_probabilities() -> None:
    rng, covered = np.random.default_rng(2), 0
    for _ in range(500):
        probability = rng.uniform(0.1, 0.9, 600)
        treated = rng.uniform(size=600) < probability
        outcome = (rng.uniform(size=600) < 0.1 + 0.3 * probability + 0.1 * treated).astype(float)
        sample = RandomisedSample(
            names=(), inputs=np.empty((600, 0)), treated=treated, probability=probability, outcome=outcome
        )
        estimate = mean_effect(doubly_robust_scores(sample, np.full(600, 0.3), np.full(600, 0.2)))
        covered += estimate.low <= 0.1 <= estimate.high
    assert 0.93 <= covered / 500 <= 0.97


def test_a_customer_who_could_only_be_treated_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Found probabilities of treatment from 0.5 to 1. Expected all of them"):
        RandomisedSample(
            names=(), inputs=np.empty((2, 0)), treated=np.ones(2, bool), probability=np.array([0.5, 1.0]),
            outcome=np.zeros(2),
        )  # fmt: skip
