"""Proper losses: equal to scikit-learn's, and finite for certain predictions."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss as sklearn_log_loss
from sklearn.metrics import mean_poisson_deviance, mean_tweedie_deviance

from benchmarks.accuracy.proper_losses import SMALLEST, log_loss, poisson_deviance, tweedie_deviance

RNG = np.random.default_rng(0)
PREDICTED, ACTUAL = RNG.gamma(1.0, 2.0, 200) + 0.1, RNG.poisson(2.0, 200).astype(float)


def test_deviances_are_those_of_scikit_learn() -> None:
    assert poisson_deviance(PREDICTED, ACTUAL) == pytest.approx(mean_poisson_deviance(ACTUAL, PREDICTED))
    expected = mean_tweedie_deviance(ACTUAL, PREDICTED, power=1.5)
    assert tweedie_deviance(PREDICTED, ACTUAL) == pytest.approx(expected)


def test_log_loss_is_that_of_scikit_learn() -> None:
    probability, outcome = RNG.uniform(0.01, 0.99, 200), (RNG.random(200) < 0.3).astype(float)
    assert log_loss(probability, outcome) == pytest.approx(sklearn_log_loss(outcome, probability))


def test_one_certain_mistake_costs_much_but_not_everything() -> None:
    assert log_loss(np.array([0.0, 1.0]), np.array([1.0, 1.0])) == pytest.approx(-np.log(SMALLEST) / 2, rel=1e-4)
    assert np.isfinite(poisson_deviance(np.zeros(3), np.ones(3)))
    assert np.isfinite(tweedie_deviance(np.zeros(3), np.ones(3)))
