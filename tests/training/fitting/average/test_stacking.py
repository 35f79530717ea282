"""Stacking: the weights of the members are learned where the data says so, and equal where it says nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.arrays import Floats
from training.fitting.average.stacking import fit_weights
from training.inference.log_odds import sigmoid
from training.member import Target

TARGETS = pytest.mark.parametrize("target", list(Target))


def truth(target: Target, n: int, seed: int = 0) -> tuple[Floats, Floats]:
    """True scores of n customers on the scale of the link, and what they did."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(-0.5, 1.2, n)
    if target is Target.ORDER:
        return scores, (rng.uniform(size=n) < sigmoid(scores)).astype(float)
    return scores, rng.poisson(np.exp(scores)).astype(float)


def noise(n: int, seed: int) -> Floats:
    return np.random.default_rng(seed).normal(-0.5, 1.2, n)


def loss(target: Target, scores: Floats, outcome: Floats, weight: Floats) -> float:
    """Mean log loss, or mean Poisson deviance without the terms of the outcome alone."""
    losses = np.logaddexp(0, scores) if target is Target.ORDER else np.exp(scores)
    return float(np.average(losses - outcome * scores, weights=weight))


@TARGETS
@given(st.integers(0, 200), st.integers(1, 60), st.integers(1, 6))
@settings(max_examples=40)
def test_no_weight_is_negative_or_infinite(target: Target, seed: int, n: int, members: int) -> None:
    scores = np.column_stack([noise(n, seed + member) * 3 for member in range(members)])
    outcome = truth(target, n, seed)[1]
    weights, intercept = fit_weights(target, scores, outcome, np.ones(n))
    assert weights.shape == (members,)
    assert (weights >= 0).all()
    assert np.isfinite([*weights, intercept]).all()


@TARGETS
def test_members_that_say_nothing_apart_have_equal_weights(target: Target) -> None:
    scores, outcome = truth(target, 500)
    weights, _ = fit_weights(target, np.tile(scores[:, None], (1, 4)), outcome, np.ones(500))
    assert np.ptp(weights) < 1e-3
    no_scores = np.zeros((500, 4))
    assert fit_weights(target, no_scores, outcome, np.ones(500))[0] == pytest.approx(np.full(4, 0.25), abs=1e-6)


@TARGETS
def test_little_difference_hardly_moves_the_weights_from_equal_ones(target: Target) -> None:
    scores, outcome = truth(target, 300)
    members = np.column_stack([scores + 0.05 * noise(300, seed) for seed in range(1, 5)])
    weights, _ = fit_weights(target, members, outcome, np.ones(300))
    assert weights == pytest.approx(np.full(4, weights.mean()), abs=0.1)


@TARGETS
def test_a_member_that_is_noise_weighs_less(target: Target) -> None:
    scores, outcome = truth(target, 3_000)
    members = np.column_stack([scores + 0.2 * noise(3_000, 1), scores + 0.2 * noise(3_000, 2), noise(3_000, 3)])
    weights, _ = fit_weights(target, members, outcome, np.ones(3_000))
    assert weights[2] < 0.5 * min(weights[:2])


@TARGETS
@pytest.mark.parametrize("seed", range(5))
def test_in_sample_the_average_is_never_worse_than_equal_weights(target: Target, seed: int) -> None:
    scores, outcome = truth(target, 400, seed)
    members = np.column_stack([scores, noise(400, seed + 100), 0.3 * scores + noise(400, seed + 200)])
    weight = np.random.default_rng(seed).uniform(0.2, 3, 400)
    weights, intercept = fit_weights(target, members, outcome, weight)
    learned, equal = members @ weights + intercept, members.mean(axis=1)
    assert loss(target, learned, outcome, weight) <= loss(target, equal, outcome, weight)


@TARGETS
def test_the_intercept_brings_the_total_to_the_one_that_came(target: Target) -> None:
    scores, outcome = truth(target, 2_000)
    weights, intercept = fit_weights(target, scores[:, None] + 1.5, outcome, np.ones(2_000))
    averaged = (scores + 1.5) * weights[0] + intercept
    predicted = sigmoid(averaged) if target is Target.ORDER else np.exp(averaged)
    assert predicted.sum() == pytest.approx(outcome.sum(), rel=0.01)


@TARGETS
def test_a_row_of_weight_two_counts_as_two_rows(target: Target) -> None:
    scores, outcome = truth(target, 200)
    members = np.column_stack([scores, noise(200, 5)])
    weight = np.where(np.arange(200) < 80, 2.0, 1.0)
    twice = np.concatenate([np.arange(200), np.arange(80)])
    (weighted, first), (repeated, second) = (
        fit_weights(target, members, outcome, weight),
        fit_weights(target, members[twice], outcome[twice], np.ones(280)),
    )
    assert weighted == pytest.approx(repeated, abs=1e-3)
    assert first == pytest.approx(second, abs=1e-3)


@TARGETS
@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_a_shop_where_all_do_the_same_has_finite_weights(target: Target, outcome: float) -> None:
    members = np.column_stack([noise(50, 1), noise(50, 2)])
    weights, intercept = fit_weights(target, members, np.full(50, outcome), np.ones(50))
    assert np.isfinite([*weights, intercept]).all()


def test_an_origin_moves_weight_to_the_member_that_ranked_customers_there() -> None:
    rng = np.random.default_rng(0)
    signal = rng.normal(size=(2_000, 1))
    outcome = (rng.random(2_000) < 1 / (1 + np.exp(-signal[:, 0]))).astype(float)
    alike = np.concatenate([signal, signal + rng.normal(scale=0.1, size=(2_000, 1))], axis=1)
    first_alone = np.concatenate([signal, rng.normal(size=(2_000, 1))], axis=1)
    weight = np.ones(2_000)
    before, _ = fit_weights(Target.ORDER, alike, outcome, weight)
    after, _ = fit_weights(Target.ORDER, alike, outcome, weight, [(first_alone, outcome)])
    assert after[0] > before[0] > 0
    assert after[1] < before[1]


def test_the_level_after_an_origin_moves_neither_weights_nor_intercept() -> None:
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(2_000, 2))
    outcome = (rng.random(2_000) < 1 / (1 + np.exp(-scores.sum(axis=1)))).astype(float)
    same = fit_weights(Target.ORDER, scores, outcome, np.ones(2_000), [(scores, outcome)])
    lower = fit_weights(Target.ORDER, scores, outcome, np.ones(2_000), [(scores + 3.0, outcome)])
    assert np.allclose(same[0], lower[0], atol=1e-3)
    assert abs(same[1] - lower[1]) < 1e-3
