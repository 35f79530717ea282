"""Weighted metrics: with equal weights they are the plain ones, and their intervals cover the truth."""

from __future__ import annotations

import numpy as np
import pytest

from features.arrays import Floats
from training import metrics
from training.monitoring import weighted_metrics as weighted


@pytest.fixture
def sample() -> tuple[Floats, Floats]:
    rng = np.random.default_rng(0)
    probability = rng.beta(2, 5, 4000)
    return probability, (rng.random(4000) < probability).astype(float)


def test_equal_weights_give_the_plain_metrics(sample: tuple[Floats, Floats]) -> None:
    probability, outcome = sample
    weights = np.full(len(probability), 3.0)
    assert weighted.weighted_auc(probability, outcome, weights).value == pytest.approx(
        metrics.auc(probability, outcome)
    )
    assert weighted.weighted_brier(probability, outcome, weights).value == pytest.approx(
        metrics.brier(probability, outcome)
    )
    assert weighted.weighted_ece(probability, outcome, weights)[0].value == pytest.approx(
        metrics.ece(probability, outcome)
    )


def test_a_weight_of_two_is_a_customer_twice(sample: tuple[Floats, Floats]) -> None:
    probability, outcome = sample
    twice = np.repeat(np.arange(len(probability)), 1 + np.arange(len(probability)) % 2)
    weights = 1.0 + (np.arange(len(probability)) % 2).astype(float)
    for metric in (weighted.weighted_auc, weighted.weighted_brier, weighted.observed_over_expected):
        ones: Floats = np.ones(len(twice))
        first, second = (outcome, probability) if metric is weighted.observed_over_expected else (probability, outcome)
        assert metric(first, second, weights).value == pytest.approx(metric(first[twice], second[twice], ones).value)


def test_intervals_cover_the_truth_under_holdout_weights() -> None:
    rng = np.random.default_rng(1)
    covered, inside_auc = [], []
    for _ in range(400):
        probability = rng.beta(2, 5, 3000)
        outcome = (rng.random(3000) < probability).astype(float)
        keep = np.where(probability > 0.4, 0.1, 1.0)
        mask = rng.random(3000) < keep
        ratio = weighted.observed_over_expected(outcome[mask], probability[mask], 1 / keep[mask]).interval()
        area = weighted.weighted_auc(probability[mask], outcome[mask], 1 / keep[mask]).interval()
        covered.append(ratio[0] <= 1 <= ratio[1])
        inside_auc.append(area[0] <= 0.7198 <= area[1])
    assert 0.91 <= np.mean(covered) <= 0.98
    assert 0.90 <= np.mean(inside_auc) <= 0.98


def test_the_calibration_error_beyond_noise_is_near_nothing_for_true_probabilities() -> None:
    rng = np.random.default_rng(2)
    beyond = []
    for _ in range(50):
        probability = rng.beta(2, 5, 1000)
        outcome = (rng.random(1000) < probability).astype(float)
        plain, corrected = weighted.weighted_ece(probability, outcome, np.ones(1000))
        assert plain.value > 0.01
        beyond.append(corrected.value)
    assert np.mean(beyond) < 0.008


def test_one_class_has_no_area_and_no_expectation_no_ratio() -> None:
    ones = np.ones(5)
    assert np.isnan(weighted.weighted_auc(ones, ones, ones).value)
    assert np.isnan(weighted.observed_over_expected(ones, 0 * ones, ones).value)


def test_decile_totals_add_up(sample: tuple[Floats, Floats]) -> None:
    probability, outcome = sample
    deciles = weighted.decile_totals(probability, outcome, np.ones(len(outcome)))
    assert sum(decile.observed for decile in deciles) == outcome.sum()
    assert [decile.expected for decile in deciles] == sorted(decile.expected for decile in deciles)
