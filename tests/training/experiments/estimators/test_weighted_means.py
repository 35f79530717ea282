from __future__ import annotations

import numpy as np
import pytest

from features.arrays import Codes, Floats
from training.experiments.allocation.simulation import (
    SimulatedMarket,
    SimulatedRuns,
    simulate_policy,
    thompson_policy,
    truncated_delays,
)
from training.experiments.estimators.adjusted_means import adjusted_means
from training.experiments.estimators.weighted_means import weighted_means
from training.experiments.record.experiment import Allocation

DAYS, PER_DAY = 60, 1_000
TREND = np.linspace(0.03, 0.09, DAYS)


def simulate(lifts: tuple[float, ...], runs: int, seed: int) -> SimulatedRuns:
    """Two-way Thompson sampling with a floor of 5 % while the base rate rises from 3 to 9 %."""
    rates = TREND[:, None, None] * (1 + np.asarray(lifts))
    market = SimulatedMarket(rates=rates, customers=PER_DAY, delays=truncated_delays(7, 2.5))
    policy = thompson_policy(Allocation(kind="adaptive", floor=0.05), draws=50)
    return simulate_policy(market, policy, runs, np.random.default_rng(seed))


def customers_of(runs: SimulatedRuns, run: int) -> tuple[Floats, Codes, Floats]:
    """The values, the arms and the probabilities of the customers of one run."""
    units, converted = (table[run, :, 0].astype(np.int64) for table in (runs.units, runs.conversions))
    days, arms = units.shape
    cells = np.repeat(np.arange(days * arms), units.ravel())
    rank = np.arange(len(cells)) - np.repeat(np.cumsum(units.ravel()) - units.ravel(), units.ravel())
    values = (rank < converted.ravel()[cells]).astype(np.float64)
    return values, (cells % arms).astype(np.int8), runs.probabilities[run, :, 0][cells // arms]


@pytest.mark.slow
def test_weights_keep_the_error_under_a_trend_where_plain_means_do_not() -> None:
    runs, weighted, plain = simulate((0.0, 0.0, 0.0, 0.0), 300, 7), [], []
    for run in range(300):
        values, arm, probabilities = customers_of(runs, run)
        weighted.append(weighted_means(values, arm, probabilities).difference(3, 0).z)
        if run < 100:
            plain.append(adjusted_means(values, arm, 4).difference(3, 0).z)
    assert np.mean(np.abs(weighted) > 1.96) <= 0.07
    assert np.mean(np.abs(plain) > 1.96) >= 0.3


@pytest.mark.slow
def test_weights_cover_a_planted_effect_under_a_trend_and_find_it() -> None:
    runs, truth, covered, found = simulate((0.0, 0.0, 0.0, 0.2), 600, 8), 0.2 * TREND.mean(), [], []
    for run in range(600):
        low, high = weighted_means(*customers_of(runs, run)).difference(3, 0).interval(1.96)
        covered.append(low <= truth <= high)
        found.append(low > 0)
    assert 0.93 <= np.mean(covered) <= 0.97
    assert np.mean(found) >= 0.8


def test_an_even_split_is_weighted_to_its_plain_means() -> None:
    rng = np.random.default_rng(1)
    values, arm = rng.random(900), rng.integers(0, 3, 900).astype(np.int8)
    weighted, plain = weighted_means(values, arm, np.full((900, 3), 1 / 3)), adjusted_means(values, arm, 3)
    assert weighted.means == pytest.approx(plain.means)
    assert weighted.covariance == pytest.approx(plain.covariance)


def test_covariates_narrow_the_interval_and_do_not_move_it() -> None:
    rng, values_of = np.random.default_rng(2), []
    for _ in range(200):
        forecast = rng.gamma(2.0, 10.0, 2_000)
        probabilities = np.where(np.arange(2_000)[:, None] < 1_000, [0.5, 0.5], [0.2, 0.8])
        arm = (rng.random(2_000) < probabilities[:, 1]).astype(np.int8)
        values = forecast + 3.0 * arm + rng.normal(0, 10, 2_000)
        effects = [weighted_means(values, arm, probabilities, x).difference(1, 0) for x in (None, forecast[:, None])]
        values_of.append([(effect.value, effect.standard_error) for effect in effects])
    (plain, plain_error), (adjusted, adjusted_error) = np.mean(values_of, axis=0)
    assert plain == pytest.approx(3.0, abs=0.15)
    assert adjusted == pytest.approx(3.0, abs=0.1)
    assert adjusted_error < 0.75 * plain_error
    spread = np.std([row[1][0] for row in values_of])
    assert adjusted_error == pytest.approx(spread, rel=0.12)


def test_an_arm_that_was_impossible_for_some_has_no_estimate() -> None:
    probabilities = np.array([[0.5, 0.5, 0.0]] * 10 + [[0.4, 0.3, 0.3]] * 90)
    arm = (np.arange(100) % 2).astype(np.int8)
    estimates = weighted_means(np.arange(100.0), arm, probabilities)
    assert np.isnan(estimates.means[2])
    assert np.isfinite(estimates.difference(1, 0).standard_error)
