"""Order rates: a customer's own orders of before the period, shrunk towards everybody's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.training.attribution.attribution_logs import NEW_YEAR, attribution_log
from training.attribution.hazard.order_rates import order_rates, rate_groups


def test_orders_of_the_period_do_not_count() -> None:
    before = [(0, -10.0), (0, -20.0), (0, -30.0), (1, -5.0)]
    rates = order_rates(attribution_log([], before, customers=3), NEW_YEAR)
    later = order_rates(attribution_log([], [*before, (1, 1.0), (2, 2.0)], customers=3), NEW_YEAR)
    np.testing.assert_array_equal(rates, later)


def test_the_rates_are_the_posterior_means_of_a_gamma_prior_by_moments() -> None:
    orders = [(0, -10.0), (0, -20.0), (0, -30.0), (0, -31.0), (0, -32.0), (1, -5.0)]
    rates = order_rates(attribution_log([], orders, customers=4), NEW_YEAR)
    counts = np.array([5, 1, 0, 0])
    mean, variance = 1.5, counts.var()
    shape = mean**2 / (variance - mean)
    np.testing.assert_allclose(rates, (shape + counts) / (shape / mean * 365 + 365))
    assert rates.mean() == pytest.approx(mean / 365)


def test_counts_that_differ_no_more_than_chance_make_customers_alike() -> None:
    rates = order_rates(attribution_log([], [(0, -1.0), (1, -2.0)], customers=3), NEW_YEAR)
    assert np.ptp(rates) < 0.01 * rates.mean()


def test_without_a_past_all_customers_are_alike() -> None:
    assert order_rates(attribution_log([], [(0, 3.0)], customers=2), NEW_YEAR).tolist() == [1.0, 1.0]


def test_what_was_predicted_counts_instead_where_nearly_all_had_a_prediction() -> None:
    log = attribution_log([], [(0, -10.0), (0, -20.0), (1, -5.0)], customers=5)
    past = order_rates(log, NEW_YEAR)
    served = np.array([0.1, 0.2, 0.3, 0.4, np.nan])
    rates = order_rates(replace(log, served_rate=served), NEW_YEAR)
    np.testing.assert_array_equal(rates, [0.1, 0.2, 0.3, 0.4, past[4]])
    few = np.array([0.1, 0.2, 0.3, np.nan, np.nan])
    np.testing.assert_array_equal(order_rates(replace(log, served_rate=few), NEW_YEAR), past)


def test_customers_with_the_same_rate_are_in_one_group() -> None:
    groups = rate_groups(np.array([1.0] * 95 + [2.0] * 5), 10)
    assert len(np.unique(groups[:95])) == 1
    assert groups[0] != groups[-1]
