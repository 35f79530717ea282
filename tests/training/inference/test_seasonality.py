"""Seasonality: factors on the hazard and on totals, which never make a curve fall."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.arrays import Floats
from training.inference.seasonality import MIN_SEASONAL_SHARE, SeasonalFactors, Seasonality, seasonal_totals

USUAL = SeasonalFactors((1.0, 1.0), 1.0)
DAYS = np.array([0.0, 10, 30, 45, 90, 400, 730])

curves = st.lists(st.floats(0, 0.9), min_size=6, max_size=6).map(lambda steps: np.cumsum(steps) / (1 + sum(steps)))
weights = st.floats(0.01, 20)


@given(curves, weights, weights, weights)
def test_in_season_p_order_never_falls_and_stays_a_probability(
    curve: Floats, first: float, second: float, beyond: float
) -> None:
    order_by = np.concatenate([[0.0], curve])[None, :]
    adjusted = Seasonality(SeasonalFactors((first, second), beyond), USUAL, None).adjust_order_by(
        order_by, DAYS, (30, 90)
    )
    assert adjusted.shape == order_by.shape
    assert adjusted[0, 0] == 0
    assert (np.diff(adjusted) >= -1e-12).all()
    assert (adjusted <= 1).all()


@given(curves)
def test_a_usual_time_of_the_year_changes_nothing(curve: Floats) -> None:
    order_by = np.concatenate([[0.0], curve])[None, :]
    assert Seasonality(USUAL, USUAL, None).adjust_order_by(order_by, DAYS, (30, 90)) == pytest.approx(
        order_by, abs=1e-9
    )
    values = np.array([[1.0, 2.5]])
    assert seasonal_totals(values, np.array([[4.0]]), USUAL)[1] == pytest.approx(np.array([[10.0]]))


def test_the_hazard_over_a_learned_horizon_is_scaled_by_its_factor() -> None:
    order_by = -np.expm1(-0.01 * DAYS)[None, :]
    adjusted = Seasonality(SeasonalFactors((2.0, 1.5), 1.0), USUAL, None).adjust_order_by(order_by, DAYS, (30, 90))
    hazard = -np.log1p(-adjusted[0])
    assert hazard[[2, 4]] == pytest.approx([0.01 * 30 * 2.0, 0.01 * 90 * 1.5])
    assert hazard[6] - hazard[5] == pytest.approx(0.01 * 330)


def test_a_quiet_season_after_a_busy_one_has_a_minimum_hazard() -> None:
    order_by = -np.expm1(-0.01 * DAYS)[None, :]
    adjusted = Seasonality(SeasonalFactors((3.0, 0.1), 1.0), USUAL, None).adjust_order_by(order_by, DAYS, (30, 90))
    hazard = -np.log1p(-adjusted[0])
    assert hazard[4] - hazard[2] == pytest.approx(MIN_SEASONAL_SHARE * 0.01 * 60)
