"""Qini: the area between the gain of a ranking and the line to treating everybody, with its interval."""

from __future__ import annotations

import numpy as np
import pytest

from features.arrays import Floats
from training.uplift.qini import SCALE, qini, qini_difference


def area_by_hand(scores: Floats, effects: Floats) -> float:
    """The area under the cumulated gain per customer by trapezoids, less the triangle below the line."""
    gains = np.concatenate([[0.0], np.cumsum(effects[np.argsort(-scores)])]) / len(effects)
    return SCALE * float(np.trapezoid(gains, dx=1 / len(effects)) - gains[-1] / 2)


def test_it_is_the_area_between_the_curve_and_the_line() -> None:
    rng = np.random.default_rng(0)
    scores, effects = rng.normal(size=500), rng.normal(0.1, 1, size=500)
    assert qini(scores, effects).value == pytest.approx(area_by_hand(scores, effects))


def test_the_best_ranking_of_two_customers_by_hand() -> None:
    # the curve rises to 1/2 at one half and stays: area 3/8, the line has 1/4
    assert qini(np.array([1.0, 0.0]), np.array([1.0, 0.0])).value == pytest.approx(SCALE / 8)


def test_equal_scores_rank_nobody_whatever_the_order_of_the_rows() -> None:
    effects = np.array([3.0, 1.0, -2.0, 0.5])
    assert qini(np.ones(4), effects).value == pytest.approx(0.0)
    scores, order = np.array([1.0, 1.0, 0.0, 0.0]), np.array([1, 0, 3, 2])
    assert qini(scores, effects).value == pytest.approx(qini(scores[order], effects[order]).value)


def test_a_reversed_ranking_has_the_opposite_value() -> None:
    rng = np.random.default_rng(1)
    scores, effects = rng.normal(size=200), rng.normal(size=200)
    assert qini(-scores, effects).value == pytest.approx(-qini(scores, effects).value)


def test_a_monotone_transformation_of_the_scores_changes_nothing() -> None:
    rng = np.random.default_rng(2)
    scores, effects = rng.normal(size=200), rng.normal(size=200)
    assert qini(np.exp(3 * scores), effects) == qini(scores, effects)


@pytest.mark.parametrize("ties", [False, True])
def test_the_interval_covers_the_truth_in_95_percent_of_samples(ties: bool) -> None:
    rng, runs, n = np.random.default_rng(3), 600, 500
    truth, covered = (SCALE * 0.3 * 0.7 / 2 if ties else SCALE / (2 * np.sqrt(np.pi))), 0
    for _ in range(runs):
        scores = (rng.uniform(size=n) < 0.3).astype(float) if ties else rng.normal(size=n)
        estimate = qini(scores, scores + 0.5 + 2 * rng.normal(size=n))
        covered += estimate.low <= truth <= estimate.high
    assert 0.93 <= covered / runs <= 0.97


def test_the_paired_interval_is_narrower_than_two_apart() -> None:
    rng = np.random.default_rng(4)
    scores = rng.normal(size=4_000)
    close, effects = scores + 0.1 * rng.normal(size=4_000), scores + 3 * rng.normal(size=4_000)
    paired, one = qini_difference(scores, close, effects), qini(scores, effects)
    assert paired.value == pytest.approx(one.value - qini(close, effects).value)
    assert paired.standard_error < one.standard_error / 3


def test_the_difference_of_a_ranking_from_itself_is_surely_0() -> None:
    rng = np.random.default_rng(5)
    scores, effects = rng.normal(size=100), rng.normal(size=100)
    assert (qini_difference(scores, scores, effects).low, qini_difference(scores, scores, effects).high) == (0.0, 0.0)
