"""Feature drift: what moved is named, what chance moves is not, and missing values are a bin of their own."""

import numpy as np
import pytest

from training.evaluation.drift import drifted_features
from training.monitoring.population_stability import population_stability_index


def uniform(n: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return (np.arange(n) + 0.5) / n


def test_equal_populations_have_an_index_of_nothing() -> None:
    assert population_stability_index(uniform(1000), uniform(500)) == pytest.approx(0, abs=1e-3)


def test_the_index_is_that_of_the_shares_of_ten_bins() -> None:
    half = np.concatenate([uniform(500) / 2, uniform(500)])  # the lower half has 75 % of the customers, not 50 %
    assert population_stability_index(uniform(1000), half) == pytest.approx(0.25 * np.log(0.75 / 0.25), abs=0.02)


def test_values_that_begin_to_be_missing_are_a_drift() -> None:
    missing = np.where(uniform(1000) < 0.5, np.nan, np.tile(uniform(500), 2))
    (drift,) = drifted_features(["visits"], uniform(1000)[:, None], missing[:, None])
    assert drift.name == "visits"
    assert drift.psi > 1


def test_two_samples_of_one_population_have_no_drift_however_small() -> None:
    generator = np.random.default_rng(7)
    for n in (30, 300, 3000):
        samples = [generator.normal(size=(n, 40)) for _ in range(2)]
        assert drifted_features([str(column) for column in range(40)], *samples) == []


def test_the_greatest_drift_comes_first_with_both_medians() -> None:
    before = np.column_stack([uniform(1000), uniform(1000), uniform(1000)])
    after = before + np.array([0.0, 0.3, 0.8])
    found = drifted_features(["still", "some", "much"], before, after)
    assert [drift.name for drift in found] == ["much", "some"]
    assert found[0].current_median - found[0].reference_median == pytest.approx(0.8)
