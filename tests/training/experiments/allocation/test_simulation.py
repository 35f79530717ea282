"""Bars of the allocation in simulated markets whose truth is known; rates are over runs with a fixed seed."""

from __future__ import annotations

import numpy as np
import pytest

from features.arrays import Floats
from tests.training.experiments.allocation.cases import NEVER, experiment, units_of
from training.experiments.allocation import next_probabilities
from training.experiments.allocation.arm_counts import ArmCounts
from training.experiments.allocation.simulation import (
    AllocationPolicy,
    SimulatedMarket,
    SimulatedRuns,
    _known_counts,
    simulate_policy,
    thompson_policy,
    truncated_delays,
)
from training.experiments.allocation.thompson import DRAWS, allocate
from training.experiments.estimators.weighted_means import weighted_means
from training.experiments.record.experiment import Allocation

pytestmark = pytest.mark.slow

LIFTS = np.array([1.0, 1.0, 1.1, 1.2])
WEEK, FOUR_WEEKS = truncated_delays(7, 2.5), truncated_delays(28, 10)
TREND = np.linspace(0.03, 0.09, 60)[:, None, None]


def thompson(floor: float, half_life_days: int | None = None) -> AllocationPolicy:
    return thompson_policy(Allocation(kind="adaptive", floor=floor, half_life_days=half_life_days))


def pooled_means(counts: ArmCounts, rng: np.random.Generator) -> Floats:
    return thompson(0.02)(counts.merge_strata(), rng)


def simulate(
    rates: Floats, policy: AllocationPolicy, runs: int = 200, delays: Floats = WEEK, customers: int = 1000
) -> SimulatedRuns:
    market = SimulatedMarket(rates=rates, customers=customers, delays=delays)
    return simulate_policy(market, policy, runs, np.random.default_rng(1))


def constant_rates(days: int, lifts: Floats = LIFTS) -> Floats:
    return np.broadcast_to(0.05 * lifts, (days, *np.atleast_2d(lifts).shape)).copy()


@pytest.mark.parametrize(("floor", "bar"), [(0.02, 0.42), (0.05, 0.50)])
def test_a_bandit_keeps_less_than_half_of_the_loss_of_an_even_split(floor: float, bar: float) -> None:
    assert simulate(constant_rates(60), thompson(floor)).remaining_loss().mean() <= bar


def test_outcomes_of_four_weeks_do_not_stop_the_learning() -> None:
    assert simulate(constant_rates(90), thompson(0.02), 100, FOUR_WEEKS).remaining_loss().mean() <= 0.38


def test_a_half_life_follows_a_winner_that_changes_and_costs_where_none_does() -> None:
    changing = constant_rates(90)
    changing[30:] = 0.05 * LIFTS[::-1]
    forgetful, stationary = (
        simulate(changing, thompson(0.02, days), 100).remaining_loss().mean() for days in (10, None)
    )
    assert forgetful <= 0.68
    assert stationary > forgetful
    assert (
        simulate(constant_rates(60), thompson(0.02, 10), 100).remaining_loss().mean()
        > simulate(constant_rates(60), thompson(0.02), 100).remaining_loss().mean()
    )


def test_a_trend_without_a_difference_makes_no_winner_and_misleads_pooled_means() -> None:
    rates = TREND * np.ones(4)
    runs, misled = simulate(rates, thompson(0.02), 300), simulate(rates, pooled_means, 100)
    assert (runs.probabilities[:, -1] > 0.9).any((1, 2)).mean() <= 0.08
    assert (misled.probabilities[:, -1] > 0.9).any((1, 2)).mean() >= 0.8
    rejected, pooled = (
        np.mean([np.abs(difference / error) > 1.96 for difference, error in differences])
        for differences in (
            [runs.weighted_difference(arm, 0) for arm in (1, 2, 3)],
            [runs.pooled_difference(arm, 0) for arm in (1, 2, 3)],
        )
    )
    assert rejected <= 0.07
    assert pooled >= 0.4


def test_an_effect_under_a_trend_is_covered_and_found_with_a_floor_of_five_percent() -> None:
    runs = simulate(TREND * np.array([1, 1, 1, 1.2]), thompson(0.05), 1500)
    truth = 0.2 * TREND.mean()
    difference, error = runs.weighted_difference(3, 0)
    assert 0.93 <= np.mean(np.abs(difference - truth) < 1.96 * error) <= 0.97
    assert np.mean(difference > 1.96 * error) >= 0.80
    pooled, pooled_error = runs.pooled_difference(3, 0)
    assert np.mean(np.abs(pooled - truth) < 1.96 * pooled_error) < 0.1


@pytest.mark.parametrize(
    ("lifts", "bar"), [(np.stack([np.roll(LIFTS, k) for k in range(3)]), 0.48), (np.stack([LIFTS] * 3), 0.32)]
)
def test_partial_pooling_serves_segments_that_differ_and_segments_that_agree(lifts: Floats, bar: float) -> None:
    assert simulate(constant_rates(60, lifts), thompson(0.02), 60).remaining_loss().mean() <= bar


def test_a_simulated_morning_gives_the_probabilities_of_its_customers() -> None:
    rng = np.random.default_rng(4)
    units = rng.integers(30, 60, (1, 12, 1, 2)).astype(np.float64)
    by_age = rng.multinomial(rng.binomial(units.astype(int), 0.3), WEEK).cumsum(-1).astype(np.float64)
    rows = [
        (arm, 12.0 - day, NEVER if wait is None else wait + 0.5)
        for day in range(12)
        for arm in (0, 1)
        for wait in _waits(int(units[0, day, 0, arm]), np.diff(by_age[0, day, 0, arm], prepend=0))
    ]
    record = experiment(2, floor=0.05)
    simulated = allocate(
        _known_counts(units, by_age), record.allocation, np.full(2, 0.5), np.random.default_rng(0), DRAWS
    )
    of_customers = next_probabilities(units_of(rows), record, np.random.default_rng(0))[""]
    assert of_customers == pytest.approx(simulated[0, 0], abs=1e-12)
    assert 0.05 < of_customers[0] < 0.95


def _waits(units: int, conversions: Floats) -> list[int | None]:
    """Return the day of the conversion of each of so many customers, None for those without."""
    waits: list[int | None] = [day for day, count in enumerate(conversions) for _ in range(int(count))]
    return [*waits, *[None] * (units - len(waits))]


def test_an_even_split_loses_everything_that_an_even_split_loses() -> None:
    even = simulate(constant_rates(10), lambda counts, _: np.full((len(counts.units), 1, 4), 0.25), 50)
    assert even.remaining_loss().mean() == pytest.approx(1, abs=0.01)


def test_the_weighted_difference_of_counts_is_that_of_the_customers() -> None:
    runs = simulate(TREND * np.array([1, 1, 1, 1.2]), thompson(0.05), 2)
    day, _, arm = np.indices(runs.units.shape[1:])
    units, converted = (values[0].astype(int).ravel() for values in (runs.units, runs.conversions))
    values = np.concatenate([np.r_[np.ones(c), np.zeros(n - c)] for n, c in zip(units, converted, strict=True)])
    means = weighted_means(
        values,
        np.repeat(arm.ravel(), units).astype(np.int8),
        np.repeat(runs.probabilities[0, day.ravel(), 0], units, 0),
    )
    difference, error = (figures[0] for figures in runs.weighted_difference(3, 0))
    assert difference == pytest.approx(means.means[3] - means.means[0])
    assert error == pytest.approx(np.sqrt(means.covariance[3, 3] + means.covariance[0, 0]), rel=1e-3)


def test_delays_of_a_window_sum_to_one_and_shrink() -> None:
    assert FOUR_WEEKS.sum() == pytest.approx(1)
    assert (np.diff(WEEK) < 0).all()
    assert WEEK[1] / WEEK[0] == pytest.approx(np.exp(-1 / 2.5))
