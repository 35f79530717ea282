"""Order value: the Gamma-Gamma model fitted to the orders of many customers."""

from __future__ import annotations

import numpy as np
import pytest

from training.fitting.btyd import fit_gamma_gamma


def test_order_values_of_simulated_customers_give_their_parameters_back() -> None:
    rng = np.random.default_rng(13)
    orders = rng.integers(1, 9, 4000)
    scale = rng.gamma(3.7, 1 / 15.0, 4000)
    mean_value = rng.gamma(6.2 * orders, 1 / scale) / orders
    fit = fit_gamma_gamma(orders, mean_value)
    assert fit.fallback_reason is None
    assert fit.model.p == pytest.approx(6.2, rel=0.15)
    assert fit.model.q == pytest.approx(3.7, rel=0.1)
    assert fit.model.gamma == pytest.approx(15.0, rel=0.2)


def test_order_values_do_not_depend_on_the_currency() -> None:
    rng = np.random.default_rng(14)
    orders, mean_value = rng.integers(1, 5, 300), rng.lognormal(3.0, 0.7, 300)
    pounds, yen = fit_gamma_gamma(orders, mean_value).model, fit_gamma_gamma(orders, 190 * mean_value).model
    assert yen.order_value([2], [9500.0]) == pytest.approx(190 * pounds.order_value([2], [50.0]), rel=1e-6)


def test_customers_without_orders_or_with_nothing_paid_do_not_count_as_order_values() -> None:
    fit = fit_gamma_gamma([0, 3, 2, 1], [np.nan, 0.0, -5.0, 12.0])
    assert fit.customers == 1
    assert fit.fallback_reason == "1 customers with an order worth more than 0; 30 are needed"
    assert fit.model.order_value([0], [0.0]) == pytest.approx([12.0])
    with pytest.raises(ValueError, match="None of 2 customers has an order worth more than 0"):
        fit_gamma_gamma([0, 1], [0.0, -1.0])


@pytest.mark.parametrize("value", [[20.0], [0.01, 1e6], [9.99, 10.0, 10.01]], ids=str)
def test_odd_price_lists_are_fitted(value: list[float]) -> None:
    orders, mean_value = np.arange(1, 121), np.resize(value, 120)
    model = fit_gamma_gamma(orders, mean_value).model
    answers = model.order_value(orders, mean_value)
    assert np.isfinite(answers).all()
    assert (answers > 0).all()
    assert answers[-3:] == pytest.approx(mean_value[-3:], rel=0.3, abs=5e5 if max(value) == 1e6 else 0)
