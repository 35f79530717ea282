"""Outlier fence: it follows the tail of the values and not the largest of them."""

import numpy as np
import pytest

from training.outliers import OutlierFence

TAILS = {
    "log-normal": lambda rng, n: rng.lognormal(3, 0.8, n),
    "Pareto": lambda rng, n: 10 * (1 + rng.pareto(1.5, n)),
    "counts": lambda rng, n: 1.0 + rng.poisson(rng.gamma(0.5, 6, n)),
}


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("n", [60, 5_000])
def test_samples_without_mistakes_retain_nearly_all_of_their_total(tail: str, n: int) -> None:
    samples = [TAILS[tail](np.random.default_rng(seed), n) for seed in range(50)]
    shares = [OutlierFence.from_values(values).winsorize(values).sum() / values.sum() for values in samples]
    assert np.mean(shares) >= (0.9 if tail == "Pareto" else 0.99)


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("n", [60, 5_000])
def test_one_wrong_value_hardly_moves_the_mean_however_large_it_is(tail: str, n: int) -> None:
    values = np.sort(TAILS[tail](np.random.default_rng(1), n))[:-1]
    for wrong in (1e5, 1e9):
        with_wrong = np.append(values, wrong)
        winsorized = OutlierFence.from_values(with_wrong).winsorize(with_wrong)
        assert winsorized.mean() == pytest.approx(values.mean(), rel=0.1)


def test_one_wrong_value_among_many_does_not_raise_the_fence() -> None:
    values = np.random.default_rng(2).lognormal(3, 0.8, 10_000)
    limit = OutlierFence.from_values(values).limit
    assert OutlierFence.from_values(np.append(values, 1e9)).limit == pytest.approx(limit, rel=0.01)


def test_equal_values_may_be_exceeded_twofold() -> None:
    assert OutlierFence.from_values(np.full(50, 9.0)).limit == 18.0


def test_zeros_negative_values_and_nan_do_not_count() -> None:
    values = np.array([1.0, 2, 3, 4, 5, 6])
    padded = np.concatenate([values, np.zeros(50), -values, [np.nan]])
    assert OutlierFence.from_values(padded) == OutlierFence.from_values(values)


def test_four_values_have_no_fence() -> None:
    assert OutlierFence.from_values(np.array([1.0, 1, 1, 1e9])).limit == np.inf
    assert np.isnan(OutlierFence.from_values(np.zeros(3)).median)


def test_beyond_the_fence_counts_as_the_fence_and_beyond_two_as_the_median() -> None:
    fence = OutlierFence(limit=10.0, median=3.0)
    values = np.array([-25.0, -15.0, 0.0, 10.0, 19.0, 21.0, np.nan])
    np.testing.assert_array_equal(fence.winsorize(values), [-3.0, -10.0, 0.0, 10.0, 10.0, 3.0, np.nan])
