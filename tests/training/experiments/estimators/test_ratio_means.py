from __future__ import annotations

import numpy as np
import pytest

from training.experiments.estimators.ratio_means import ratio_means


def test_intervals_of_spend_per_order_cover_and_those_over_orders_do_not() -> None:
    rng, covered, naive = np.random.default_rng(0), [], []
    for _ in range(500):
        arm = rng.integers(0, 2, 1_500).astype(np.int8)
        level = rng.gamma(2.0, 1.0, 1_500)  # customers who order often spend more each time
        orders = rng.poisson(1.5 * level).astype(np.float64)
        basket = 10 * level * (1 + 0.1 * arm)
        spend = basket * orders
        truth = 0.1 * 10 * 3.0  # E[level squared] / E[level] = 3
        effect = ratio_means(spend, orders, arm, 2).difference(1, 0)
        low, high = effect.interval(1.96)
        covered.append(low <= truth <= high)
        each = [np.repeat(basket[arm == side], orders[arm == side].astype(np.int64)) for side in (0, 1)]
        error = np.sqrt(sum(values.var() / len(values) for values in each))
        naive.append(abs(each[1].mean() - each[0].mean() - truth) <= 1.96 * error)
    assert 0.93 <= np.mean(covered) <= 0.97
    assert np.mean(naive) < 0.85


def test_the_ratio_is_that_of_the_sums_and_not_the_mean_of_ratios() -> None:
    arm = np.array([0, 0, 1, 1], np.int8)
    estimates = ratio_means(np.array([10.0, 90.0, 20.0, 0.0]), np.array([1.0, 3.0, 1.0, 0.0]), arm, 2)
    assert estimates.means == pytest.approx([25.0, 20.0])


def test_weights_correct_the_ratio_of_an_adaptive_allocation() -> None:
    late = np.arange(20_000) >= 10_000
    probabilities = np.where(late[:, None], [0.2, 0.8], [0.5, 0.5])
    arm = (np.random.default_rng(1).random(20_000) < probabilities[:, 1]).astype(np.int8)
    spend, orders = np.where(late, 30.0, 10.0), np.ones(20_000)
    assert ratio_means(spend, orders, arm, 2, probabilities).difference(1, 0).value == pytest.approx(0.0, abs=0.5)
    assert ratio_means(spend, orders, arm, 2).difference(1, 0).value > 3


def test_an_arm_in_which_nobody_ordered_has_no_ratio() -> None:
    arm = np.array([0, 0, 1, 1], np.int8)
    assert np.isnan(ratio_means(np.zeros(4), np.array([1.0, 1.0, 0.0, 0.0]), arm, 2).means[1])
