"""Curve: setting its level at one day scales each customer's hazard, and keeps the order of the days."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.arrays import Floats
from training.inference.average.curve import btyd_hazards, set_level

N, K = 4, 6
STEPS = arrays(float, (N, K - 1), elements=st.floats(1e-4, 2))
PROBABILITIES = arrays(float, N, elements=st.floats(1e-6, 1 - 1e-6))
POSITIONS = st.integers(1, K - 1)


def curves(steps: Floats) -> Floats:
    """P(order) by each day, from the hazard of each step."""
    return np.column_stack([np.zeros(N), -np.expm1(-np.cumsum(steps, axis=1))])


@given(STEPS, PROBABILITIES, POSITIONS)
def test_the_level_is_as_asked_at_its_day(steps: Floats, probability: Floats, position: int) -> None:
    assert set_level(curves(steps), position, probability)[:, position] == pytest.approx(probability, rel=1e-6)


@given(STEPS, arrays(float, N, elements=st.floats(0, 1)), POSITIONS)
def test_the_order_of_the_days_stays(steps: Floats, probability: Floats, position: int) -> None:
    leveled = set_level(curves(steps), position, probability)
    assert (leveled[:, 0] == 0).all()
    assert (np.diff(leveled, axis=1) >= 0).all()
    assert ((leveled >= 0) & (leveled <= 1)).all()


@given(STEPS, POSITIONS)
def test_a_level_that_is_right_already_changes_nothing(steps: Floats, position: int) -> None:
    order_by = np.minimum(curves(steps), 0.999)
    assert set_level(order_by, position, order_by[:, position]) == pytest.approx(order_by, abs=1e-9)


def test_the_hazard_is_scaled_by_one_ratio_per_customer() -> None:
    days = np.array([0.0, 10, 20, 40])
    order_by = -np.expm1(-0.01 * np.tile(days, (2, 1)))
    leveled = set_level(order_by, 2, -np.expm1(-np.array([0.02, 0.005]) * 20))
    assert leveled == pytest.approx(-np.expm1(-np.array([[0.02], [0.005]]) * days))


def test_a_curve_without_any_hazard_is_finite() -> None:
    assert np.isfinite(set_level(np.zeros((1, 4)), 2, np.array([0.5]))).all()


@given(STEPS)
def test_the_hazards_of_btyd_make_up_its_curve(steps: Floats) -> None:
    order_by = curves(steps)[:, 1:]
    assert 1 - np.cumprod(1 - btyd_hazards(order_by), axis=1) == pytest.approx(order_by, abs=1e-9)
