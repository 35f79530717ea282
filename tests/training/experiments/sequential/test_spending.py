from __future__ import annotations

import numpy as np
import pytest

from features.arrays import Floats
from training.experiments.sequential.confidence_sequence import NARROWEST_AT, band_multiplier
from training.experiments.sequential.spending import LARGEST_BOUND, look_bounds, spent_alpha

RUNS = 2_000


@pytest.mark.parametrize(
    ("shares", "bounds"),
    [
        ((0.25, 0.5, 0.75, 1.0), (4.333, 2.963, 2.359, 2.014)),
        ((0.2, 0.4, 0.6, 0.8, 1.0), (4.877, 3.357, 2.680, 2.290, 2.031)),
        ((0.3, 0.5, 0.9, 1.0), (3.929, 2.966, 2.105, 2.058)),
        ((1.0,), (1.960,)),
    ],
)
def test_the_bounds_are_those_of_the_published_tables(shares: tuple[float, ...], bounds: tuple[float, ...]) -> None:
    spent = spent_alpha(np.asarray(shares), 0.05)
    assert look_bounds(shares, spent) == pytest.approx(bounds, abs=0.001)


def test_the_unit_of_information_does_not_matter() -> None:
    spent = spent_alpha(np.array([0.3, 1.0]), 0.05)
    assert look_bounds([0.3, 1.0], spent) == pytest.approx(look_bounds([3_000, 10_000], spent), abs=1e-6)


def test_a_look_at_almost_nothing_spends_nothing_and_costs_nothing() -> None:
    first, last = look_bounds([0.001, 1.0], spent_alpha(np.array([0.001, 1.0]), 0.05))
    assert first == LARGEST_BOUND
    assert last == pytest.approx(1.960, abs=0.001)


def test_looks_without_new_customers_are_refused() -> None:
    expected = r"found looks with the information \[500.0, 500.0\]; expected more at each look"
    with pytest.raises(ValueError, match=expected):
        look_bounds([500, 500], [0.01, 0.02])


def walks(seed: int, days: int, drift: float = 0.0) -> tuple[Floats, Floats]:
    """The z statistic (runs, days) of an even split watched daily, and the customers at the end of each day."""
    rng, per_day = np.random.default_rng(seed), 200
    customers = per_day * np.arange(1, days + 1)
    sums = rng.normal(drift, 1.0, (RUNS, days)).cumsum(axis=1)
    return sums / np.sqrt(np.arange(1, days + 1)), customers.astype(np.float64)


def test_declared_looks_decide_wrongly_in_at_most_6_percent_without_a_difference() -> None:
    z, customers = walks(1, 28)
    looks = np.array([6, 13, 20, 27])
    bounds = look_bounds(customers[looks], spent_alpha(customers[looks] / customers[-1], 0.05))
    decided = (np.abs(z[:, looks]) > bounds).any(axis=1).mean()
    assert 0.035 <= decided <= 0.06
    assert (np.abs(z[:, looks]) > 1.96).any(axis=1).mean() > 0.1  # what the bounds are for


def test_looks_every_day_keep_the_error_and_the_power_of_one_look_at_the_end() -> None:
    null, customers = walks(2, 28)
    bounds = look_bounds(customers, spent_alpha(customers / customers[-1], 0.05))
    assert (np.abs(null) > bounds).any(axis=1).mean() <= 0.06
    real, _ = walks(3, 28, drift=0.5)
    assert (real > bounds).any(axis=1).mean() >= (real[:, -1] > 1.96).mean() - 0.04


def test_the_band_excludes_no_difference_in_at_most_5_percent_whenever_somebody_looks() -> None:
    z, customers = walks(4, 56)
    assert (np.abs(z) > band_multiplier(customers)).any(axis=1).mean() <= 0.05
    assert (np.abs(z) > 1.96).any(axis=1).mean() > 0.25


def test_the_band_is_narrowest_for_its_error_near_the_size_it_is_made_for() -> None:
    sizes = np.array([NARROWEST_AT / 10, NARROWEST_AT, NARROWEST_AT * 10])
    small, middle, large = band_multiplier(sizes)
    assert middle < large < small < 1.3 * middle
