"""Spend distribution: the interval of an amount that is often zero contains the stated share of customers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.arrays import Floats
from training.fitting.spend_distribution import fit_spend_distribution
from training.inference.spend_distribution import SpendDistribution

SURE = SpendDistribution((), (0.0, 0.5, 1.0), ((0.5, 1.0, 2.0),))


def simulate_spend(customers: int, seed: int, minimum: float = 0.0) -> tuple[Floats, Floats, Floats]:
    """Return P(order), expected spend and actual spend; amounts vary less for likely buyers."""
    rng = np.random.default_rng(seed)
    p = minimum + (1 - minimum) * rng.beta(0.7, 1.0, customers)
    usual, spread = rng.lognormal(3, 0.8, customers), 1.2 - 0.8 * p
    amount = usual * rng.lognormal(-(spread**2) / 2, spread)
    return p, p * usual, np.where(rng.uniform(size=customers) < p, amount, 0.0)


def shares_below(level: float, least: float, customers: int = 4_000) -> tuple[Floats, Floats, Floats]:
    """Return P(order), the amount at a level, and the actual spend of customers who were not in the fit."""
    ratios = fit_spend_distribution(*simulate_spend(customers, 0, least))
    p, mean, actual = simulate_spend(20_000, 1, least)
    return p, ratios.quantile(level, p, mean), actual


def test_nine_in_ten_spend_at_most_the_p90() -> None:
    p, high, actual = shares_below(0.9, 0.0)
    assert (actual <= high).mean() == pytest.approx(np.maximum(1 - p, 0.9).mean(), abs=0.03)


def test_the_interval_of_those_nearly_sure_to_order_holds_four_in_five() -> None:
    _, low, actual = shares_below(0.1, 0.95)
    _, high, _ = shares_below(0.9, 0.95)
    assert ((low <= actual) & (actual <= high)).mean() == pytest.approx(0.8, abs=0.03)


def test_the_interval_of_everybody_holds_what_zeros_leave_to_hold() -> None:
    p, low, actual = shares_below(0.1, 0.0)
    _, high, _ = shares_below(0.9, 0.0)
    below = np.where(p > 0.9, 0.1, 0.0)
    expected = (np.maximum(1 - p, 0.9) - below).mean()
    assert ((low <= actual) & (actual <= high)).mean() == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("likely", [(0.0, 0.3), (0.3, 0.6), (0.6, 0.9), (0.9, 1.0)])
def test_it_holds_in_every_band_of_likelihood(likely: tuple[float, float]) -> None:
    p, high, actual = shares_below(0.9, 0.0)
    inside = (p >= likely[0]) & (p < likely[1])
    assert (actual <= high)[inside].mean() == pytest.approx(np.maximum(1 - p, 0.9)[inside].mean(), abs=0.04)


def test_a_few_hundred_customers_still_give_a_wide_enough_interval() -> None:
    p, high, actual = shares_below(0.9, 0.0, customers=300)
    assert (actual <= high).mean() > np.maximum(1 - p, 0.9).mean() - 0.03


def test_the_median_is_0_where_no_order_is_more_likely() -> None:
    quantiles = SURE.quantile(0.5, np.array([0.0, 0.2, 0.49, 0.51, 1.0]), np.full(5, 10.0))
    assert (quantiles[:3] == 0).all()
    assert (quantiles[3:] > 0).all()


def test_a_customer_who_surely_orders_has_the_ratios_themselves() -> None:
    surely, mean = np.ones(1), np.full(1, 10.0)
    assert [SURE.quantile(level, surely, mean)[0] for level in (0.0, 0.25, 0.5, 1.0)] == [0.0, 7.5, 10.0, 20.0]


def test_everybody_alike_makes_one_band_that_also_answers_for_others() -> None:
    p, amount = np.full(1_000, 0.4), np.tile([0.0, 5.0, 10.0, 40.0], 250)
    ratios = fit_spend_distribution(p, np.full(1_000, 13.0), amount)
    assert ratios.bands == ()
    low, high = (ratios.quantile(level, np.array([0.99]), np.array([13.0]))[0] for level in (0.1, 0.9))
    assert low < high


def test_bands_of_a_few_likelihoods_lie_between_them_and_are_never_empty() -> None:
    p = np.repeat([0.1, 0.3, 0.8], 400)
    ratios = fit_spend_distribution(p, np.ones(1_200), np.ones(1_200))
    assert ratios.bands == pytest.approx((0.2, 0.55))
    for likelihood in (0.1, 0.3, 0.8):
        bands = np.searchsorted(ratios.bands, [likelihood - 1e-9, likelihood, likelihood + 1e-9])
        assert len(set(bands.tolist())) == 1


def test_too_few_spenders_get_an_interval_up_to_three_times_the_mean() -> None:
    ratios = fit_spend_distribution(np.full(50, 0.5), np.ones(50), np.concatenate([np.ones(19), np.zeros(31)]))
    assert ratios.quantile(1.0, np.ones(1), np.full(1, 10.0)).tolist() == [30.0]


def test_nobody_seen_leaves_an_interval_all_the_same() -> None:
    ratios = fit_spend_distribution(np.empty(0), np.empty(0), np.empty(0))
    assert ratios.quantile(0.9, np.ones(1), np.full(1, 10.0))[0] > 0


LIKELY = arrays(float, 6, elements=st.floats(0, 1))


@given(LIKELY, st.integers(0, 50), st.sampled_from([10, 150, 900]))
def test_quantiles_rise_with_their_level_and_are_never_below_0(p: Floats, seed: int, customers: int) -> None:
    ratios = fit_spend_distribution(*simulate_spend(customers, seed))
    quantiles = np.array([ratios.quantile(level, p, np.full(6, 25.0)) for level in (0.0, 0.1, 0.5, 0.9, 1.0)])
    assert (np.diff(quantiles, axis=0) >= -1e-9).all()
    assert (quantiles >= 0).all()
    assert np.isfinite(quantiles).all()
