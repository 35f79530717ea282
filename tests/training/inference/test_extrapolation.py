"""Extrapolation: orders grow with the horizon, but less than in proportion to its length."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.inference.btyd import BGNBD, MBGNBD, BuyTillDie, ParetoNBD
from training.inference.extrapolation import Extrapolation

NAMES = ("order_days", "tenure_days", "recency_days")
FAMILIES = (
    ParetoNBD(r=0.6, alpha=15.0, s=0.6, beta=60.0),
    MBGNBD(r=0.6, alpha=15.0, a=0.8, b=2.4),
    BGNBD(r=0.6, alpha=15.0, a=0.8, b=2.4),
)
customers = st.tuples(st.integers(1, 80), st.floats(1, 900), st.floats(0, 1))


def growth(model: BuyTillDie, customer: tuple[int, float, float]) -> list[float]:
    orders, age, silent = customer
    inputs = np.array([[orders, age, silent * age]])
    factors: list[float] = Extrapolation(NAMES, model).growth_factors(inputs, 90, (180, 365, 730))[0].tolist()
    return factors


@pytest.mark.parametrize("model", FAMILIES, ids=lambda model: model.family)
@given(customer=customers)
def test_longer_horizons_bring_more_orders_but_ever_fewer_a_day(
    model: BuyTillDie, customer: tuple[int, float, float]
) -> None:
    factors = growth(model, customer)
    assert 1 <= factors[0] <= factors[1] <= factors[2]
    a_day = np.array([1.0, *factors]) / np.array([90, 180, 365, 730])
    assert (np.diff(a_day) <= 1e-12).all()


def test_where_nobody_is_lost_orders_go_on_as_they_came() -> None:
    hardly_ever = ParetoNBD(r=0.6, alpha=15.0, s=1e-6, beta=1e6)
    assert growth(hardly_ever, (5, 200.0, 0.1)) == pytest.approx([2.0, 365 / 90, 730 / 90], rel=1e-3)


def test_a_newcomer_s_orders_thin_out_faster_than_an_old_customer_s() -> None:
    assert growth(FAMILIES[0], (2, 20.0, 0.5))[1] < growth(FAMILIES[0], (2, 800.0, 0.5))[1]
