from __future__ import annotations

from math import log

import numpy as np
import pytest

from features.arrays import Floats
from features.calendar import day_number
from tests.training.experiments.customers import FIRST_DAY, units
from tests.training.experiments.records import experiment
from training.experiments.refusal import MAX_E_VALUE
from training.experiments.results.sample_ratio_check import check_sample_ratio, refuse_sample_ratio
from training.experiments.sequential.sample_ratio import changing_log_e_values, fixed_log_e_value, tilts_before

EVEN = np.array([0.5, 0.5])


def first_alarms(share: float, per_day: int, days: int, runs: int, seed: int) -> Floats:
    """The day (runs,) of the first alarm of an even split whose first arm gets a share; infinite without one."""
    rng = np.random.default_rng(seed)
    first = rng.binomial(per_day, share, (runs, days)).cumsum(axis=1)
    counts = np.stack([first, per_day * np.arange(1, days + 1) - first], axis=-1)
    alarms = fixed_log_e_value(counts, EVEN) > log(MAX_E_VALUE)
    return np.where(alarms.any(axis=1), alarms.argmax(axis=1) + 1.0, np.inf)


def test_a_split_of_50_5_to_49_5_of_20000_a_day_is_found_within_14_days() -> None:
    found = first_alarms(0.505, 20_000, 28, 2_000, 1)
    assert np.median(found) <= 14
    assert np.mean(found <= 14) >= 0.8
    assert np.mean(np.isfinite(found)) >= 0.99


def test_a_split_of_51_to_49_of_2000_a_day_is_found_within_28_days_mostly() -> None:
    assert np.mean(np.isfinite(first_alarms(0.51, 2_000, 28, 2_000, 2))) >= 0.65


def test_a_coarse_mismatch_is_found_in_a_thousand_customers() -> None:
    assert np.mean(np.isfinite(first_alarms(0.6, 1_000, 1, 500, 3))) >= 0.95


def test_healthy_splits_watched_daily_alarm_in_at_most_half_a_percent() -> None:
    assert np.mean(np.isfinite(first_alarms(0.5, 20_000, 60, 2_000, 4))) <= 0.005


def test_the_e_value_has_the_mean_1_without_a_mismatch() -> None:
    rng = np.random.default_rng(5)
    first = rng.binomial(200, 0.3, 200_000)
    values = np.exp(fixed_log_e_value(np.stack([first, 200 - first], axis=1), np.array([0.3, 0.7])))
    assert values.mean() == pytest.approx(1.0, abs=0.02)


def daily_e_process(shares: Floats, per_day: int, runs: int, seed: int) -> Floats:
    """The log e-process (runs, 28) of four arms with changing probabilities, of whose customers a share stays."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(4, 20.0), (runs, 28))
    observed = rng.binomial(rng.multinomial(per_day, probabilities), shares).astype(np.float64)
    expected = probabilities * observed.sum(axis=-1, keepdims=True)
    tilts = tilts_before(observed, expected)
    normal = np.log((probabilities * tilts).sum(axis=-1))
    process: Floats = ((observed * np.log(tilts)).sum(axis=-1) - observed.sum(axis=-1) * normal).cumsum(axis=1)
    return process


def test_a_lost_fiftieth_of_one_of_four_arms_is_found_where_probabilities_change() -> None:
    logs = daily_e_process(np.array([1.0, 1.0, 1.0, 0.98]), 20_000, 500, 6)
    assert np.mean((logs > log(MAX_E_VALUE)).any(axis=1)) >= 0.75


def test_changing_probabilities_that_are_logged_alarm_in_at_most_half_a_percent() -> None:
    assert np.mean((daily_e_process(np.ones(4), 20_000, 2_000, 7) > log(MAX_E_VALUE)).any(axis=1)) <= 0.005


def test_customers_and_daily_counts_give_the_same_e_process() -> None:
    rng = np.random.default_rng(8)
    day = np.repeat(np.arange(5), 400)
    probabilities = rng.dirichlet(np.full(3, 5.0), 5)[day]
    arm = (rng.random(2_000)[:, None] > probabilities.cumsum(axis=1)).sum(axis=1).astype(np.int8)
    by_customer = changing_log_e_values(arm, probabilities, day)
    counts = np.stack([np.bincount(day[arm == each], minlength=5) for each in range(3)], axis=1).astype(np.float64)
    tilts = tilts_before(counts, probabilities[::400] * 400)
    gains = (counts * np.log(tilts)).sum(axis=1) - 400 * np.log((probabilities[::400] * tilts).sum(axis=1))
    assert by_customer == pytest.approx(gains.cumsum())


def test_an_alarm_stays_and_has_its_first_day() -> None:
    arm = np.r_[np.zeros(900), np.ones(100), np.ones(800)].astype(np.int8)  # later customers balance the counts
    day = day_number(FIRST_DAY) + np.repeat([0, 1], [1_000, 800])
    check = check_sample_ratio(experiment(), units(np.zeros(1_800), arm, day=day))
    assert check is not None
    assert (check.alarm, check.since) == (True, FIRST_DAY)
    refusal = refuse_sample_ratio(check)
    assert refusal is not None
    assert refusal.detail == (
        "Found counts of the arms that do not fit the logged probabilities since 2027-03-01; expected an e-value up to "
        "1,000. Customers were lost after the draw: find where, and start another experiment."
    )


def test_an_arm_that_could_not_be_drawn_is_an_alarm() -> None:
    probabilities = np.tile([1.0, 0.0], (10, 1))
    check = check_sample_ratio(
        experiment(), units(np.zeros(10), np.r_[np.zeros(9), 1].astype(np.int8), probabilities=probabilities)
    )
    assert check is not None
    assert check.alarm


def test_even_shares_stand_for_probabilities_that_were_not_logged() -> None:
    arm = np.arange(1_000, dtype=np.int8) % 2
    check = check_sample_ratio(experiment(), units(np.zeros(1_000), arm, probabilities=np.full((1_000, 2), np.nan)))
    assert check is not None
    assert not check.alarm


def test_no_customer_has_no_sample_ratio() -> None:
    assert check_sample_ratio(experiment(), units(np.zeros(0), np.zeros(0, np.int8))) is None


def test_the_tilt_of_a_day_is_learned_from_the_days_before_it_alone() -> None:
    observed, expected = np.array([[300.0, 100.0], [0.0, 400.0]]), np.array([[200.0, 200.0], [200.0, 200.0]])
    first, second = tilts_before(observed, expected)
    assert first == pytest.approx([1.0, 1.0])
    assert second == pytest.approx([500 / 400, 300 / 400])  # shrunk by 200 customers
