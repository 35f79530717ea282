from __future__ import annotations

import numpy as np
import pytest

from features.arrays import Codes, Floats
from training.experiments.estimators.adjusted_means import adjusted_means
from training.experiments.estimators.arm_estimates import ArmEstimates

CUSTOMERS, LIFT = 2_000, 0.1


def spend(
    rng: np.random.Generator, lift: float, shares: tuple[float, ...] = (0.5, 0.5)
) -> tuple[Floats, Codes, Floats]:
    """Skewed spend with a forecast of it that a tenth of the customers do not have, and arms at random."""
    arm = rng.choice(len(shares), CUSTOMERS, p=shares).astype(np.int8)
    forecast = rng.gamma(1.5, 20.0, CUSTOMERS)
    values = forecast * rng.gamma(4.0, 0.25, CUSTOMERS) * (rng.random(CUSTOMERS) < 0.8)
    values = values * np.where(arm == 1, 1 + lift, 1.0)
    covariates = np.where(rng.random(CUSTOMERS) < 0.1, np.nan, forecast)[:, None]
    return values, arm, covariates


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.2, 0.8)])
def test_95_percent_intervals_cover_a_planted_effect_and_are_narrower_with_covariates(
    shares: tuple[float, ...],
) -> None:
    rng, truth, covered, widths = np.random.default_rng(0), LIFT * 0.8 * 30.0, [], []
    for _ in range(500):
        values, arm, covariates = spend(rng, LIFT, shares)
        intervals = [adjusted_means(values, arm, 2, x).difference(1, 0).interval(1.96) for x in (None, covariates)]
        covered.append([low <= truth <= high for low, high in intervals])
        widths.append([high - low for low, high in intervals])
    assert np.all((np.mean(covered, axis=0) >= 0.93) & (np.mean(covered, axis=0) <= 0.97))
    plain, adjusted = np.mean(widths, axis=0)
    assert adjusted < 0.85 * plain


def test_without_a_difference_5_percent_are_found() -> None:
    rng, z = np.random.default_rng(1), []
    for _ in range(1_000):
        values, arm, covariates = spend(rng, 0.0)
        z.append([adjusted_means(values, arm, 2, x).difference(1, 0).z for x in (None, covariates)])
    rejected = np.mean(np.abs(z) > 1.96, axis=0)
    assert np.all((rejected >= 0.035) & (rejected <= 0.065))


def test_without_covariates_it_is_welchs_test() -> None:
    values, arm = np.array([1.0, 2.0, 4.0, 10.0, 30.0]), np.array([0, 0, 0, 1, 1], np.int8)
    effect = adjusted_means(values, arm, 2).difference(1, 0)
    assert effect.value == pytest.approx(20.0 - 7 / 3)
    assert effect.standard_error == pytest.approx(np.sqrt(7 / 9 + 100.0))
    assert effect.degrees_of_freedom == pytest.approx((7 / 9 + 100) ** 2 / ((7 / 9) ** 2 / 2 + 100**2 / 1))


def test_few_customers_are_not_adjusted() -> None:
    rng = np.random.default_rng(2)
    values, arm, covariates = rng.random(30), np.arange(30, dtype=np.int8) % 2, rng.random((30, 1))
    assert adjusted_means(values, arm, 2, covariates).method == "difference in means, Welch"
    adjusted = adjusted_means(np.tile(values, 3), np.tile(arm, 3), 2, np.tile(covariates, (3, 1)))
    assert adjusted.method == "difference in means, regression-adjusted (Lin), Welch"


def test_covariates_that_say_nothing_or_are_all_missing_change_nothing() -> None:
    rng = np.random.default_rng(3)
    values, arm, _ = spend(rng, 0.0)
    useless = np.column_stack([np.full(CUSTOMERS, 7.0), np.full(CUSTOMERS, np.nan)])
    plain, adjusted = adjusted_means(values, arm, 2), adjusted_means(values, arm, 2, useless)
    assert adjusted.means == pytest.approx(plain.means)
    assert adjusted.covariance == pytest.approx(plain.covariance)


def test_an_arm_without_customers_has_no_estimate_and_spoils_no_other() -> None:
    values, arm, covariates = spend(np.random.default_rng(4), 0.0)
    estimates = adjusted_means(values, arm, 3, covariates)
    assert np.isnan(estimates.means[2])
    assert np.isfinite(estimates.difference(1, 0).standard_error)
    assert estimates.probability_best()[2] == 0.0


def test_the_probability_of_being_best_is_that_of_independent_normal_means() -> None:
    estimates = ArmEstimates(np.array([0.0, 0.5, 0.2]), np.diag([0.04, 0.09, 0.01]), np.full(3, np.inf), "")
    rng = np.random.default_rng(5)
    draws = rng.normal(estimates.means, np.sqrt(np.diag(estimates.covariance)), (400_000, 3))
    shares = np.bincount(draws.argmax(axis=1), minlength=3) / len(draws)
    assert estimates.probability_best() == pytest.approx(shares, abs=0.004)
