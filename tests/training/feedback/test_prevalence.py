"""Prevalence: a share is corrected for the errors of the classifier that counted it."""

from __future__ import annotations

import numpy as np
import pytest

from training.estimate import wilson_interval
from training.feedback.prevalence import ErrorRates, corrected_share

GOOD = ErrorRates(positives=1000, found_positives=900, negatives=1000, found_negatives=800)


def test_a_share_of_errors_alone_is_corrected_to_none() -> None:
    share = corrected_share(200, 1000, GOOD)  # one in five negatives is called positive
    assert share is not None
    assert share.observed == 0.2
    assert share.corrected == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("prevalence", [0.05, 0.3, 0.9])
def test_the_interval_holds_the_true_share_in_95_of_100_samples(prevalence: float) -> None:
    rng, covered = np.random.default_rng(0), 0
    for _ in range(400):
        rates = ErrorRates(200, int(rng.binomial(200, 0.85)), 300, int(rng.binomial(300, 0.8)))
        positives = rng.binomial(500, prevalence)
        called = rng.binomial(positives, 0.85) + rng.binomial(500 - positives, 0.2)
        share = corrected_share(int(called), 500, rates)
        assert share is not None
        covered += share.low <= prevalence <= share.high
    assert 0.92 <= covered / 400 <= 0.99


def test_nothing_is_said_by_a_classifier_that_guesses_or_without_texts() -> None:
    assert corrected_share(50, 100, ErrorRates(100, 50, 100, 50)) is None
    assert corrected_share(0, 0, GOOD) is None


def test_swapping_the_labels_gives_the_other_share() -> None:
    share, other = corrected_share(400, 1000, GOOD), corrected_share(600, 1000, GOOD.swap_labels())
    assert share is not None
    assert other is not None
    assert share.corrected + other.corrected == pytest.approx(1)


def test_the_interval_of_no_trials_is_everything() -> None:
    assert tuple(map(float, wilson_interval(0, 0))) == (0.0, 1.0)
    assert wilson_interval(0.9, 100) == pytest.approx((0.8256, 0.9448), abs=1e-4)
