"""Evaluation cases: dates are judged for those who ordered within the horizon."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.accuracy.cases import EvaluationSetting, date_rows
from features.arrays import Floats
from training.dataset.outcomes import Outcomes
from training.inference.forecast import LAST_DAY, Forecast

SETTING = EvaluationSetting(log="shop", protocol="T", origin="2020-01-01", baselines=())
WAIT = np.array([10.0, 20.0, 40.0, np.inf])
ALL_ALIKE = np.full(4, 0.4)  # P(order) within 30 days; half of it after 15 days


def test_only_orders_within_the_horizon_count_for_the_error_of_a_date() -> None:
    assert date_error(ALL_ALIKE) == pytest.approx((5.0, 15.0))
    late = np.array([0.4, 0.4, 0.9, 0.0])
    assert date_error(late) == date_error(ALL_ALIKE)


def test_an_order_that_seemed_impossible_is_expected_on_the_last_day() -> None:
    impossible = np.where(np.arange(4) == 0, 0.0, ALL_ALIKE)
    assert date_error(impossible)[0] == pytest.approx((20.0 + 5.0) / 2)


def date_error(within: Floats) -> tuple[float, float]:
    """Mean error in days, and that of a baseline that expects every order after the horizon."""
    forecast = Forecast(
        tier=np.zeros(4, dtype=np.int8), days=np.array([0.0, 15.0, 30.0, LAST_DAY]),
        order_by=np.column_stack([np.zeros(4), within / 2, within, within]),
        horizons=(30,), expected_orders=within[:, None], spend=None,
    )  # fmt: skip
    outcomes = Outcomes(
        wait_days=WAIT, follow_days=np.full(4, 60.0), horizons=(30,), orders=np.zeros((4, 1)), spend=np.zeros((4, 1))
    )
    forecasts = {"average": forecast, "btyd": replace(forecast, order_by=forecast.order_by / 2)}
    rows = date_rows(SETTING, 30, "average", forecasts, outcomes, {"late": np.full(4, 99.0)})
    row = next(row for row in rows if row.measure == "MAE days")
    return row.value, row.baseline_value
