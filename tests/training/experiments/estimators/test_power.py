from __future__ import annotations

import numpy as np
import pytest

from training.experiments.estimators.power import Baseline, smallest_effect


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.1, 0.9), (0.25, 0.25, 0.25, 0.25)])
def test_an_effect_of_the_smallest_detectable_size_is_found_in_four_of_five_experiments(
    shares: tuple[float, ...],
) -> None:
    rng, runs, customers = np.random.default_rng(0), 4_000, 20_000
    effect = smallest_effect(customers, shares, 0, Baseline(mean=0.0, variance=4.0))
    counts = customers * np.asarray(shares)
    control = rng.normal(0.0, 2 / np.sqrt(counts[0]), runs)
    smallest = min(range(1, len(shares)), key=lambda arm: counts[arm])
    treated = rng.normal(effect, 2 / np.sqrt(counts[smallest]), runs)
    error = 2 * np.sqrt(1 / counts[0] + 1 / counts[smallest])
    bound = {1: 1.960, 3: 2.394}[len(shares) - 1]  # two-sided 5 %, divided among the arms
    assert np.mean((treated - control) / error > bound) == pytest.approx(0.8, abs=0.025)


def test_what_covariates_explain_is_customers_saved() -> None:
    plain, adjusted = (Baseline(mean=100.0, variance=10_000.0, variance_left=left) for left in (1.0, 0.34))
    smallest = smallest_effect(10_000, (0.5, 0.5), 0, plain)
    assert smallest == pytest.approx(5.603, abs=0.001)  # (1.960 + 0.842) x 100 x (4 / 10,000) ** 0.5
    assert smallest_effect(3_400, (0.5, 0.5), 0, adjusted) == pytest.approx(smallest)


def test_the_baseline_of_a_rate_has_the_variance_of_a_yes_or_no() -> None:
    assert Baseline.of_rate(0.2, 0.5) == Baseline(mean=0.2, variance=0.2 * 0.8, variance_left=0.5)


def test_no_customers_and_no_other_arm_show_nothing() -> None:
    expected = "found 0 customers and 1 arms beside control; expected at least one of each"
    with pytest.raises(ValueError, match=expected):
        smallest_effect(0, (0.5, 0.5), 0, Baseline.of_rate(0.05))
    with pytest.raises(ValueError, match="found 9 customers and 0 arms beside control"):
        smallest_effect(9, (1.0,), 0, Baseline.of_rate(0.05))
