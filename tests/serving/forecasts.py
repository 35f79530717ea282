"""Random forecasts: Hypothesis strategies for populations, and coherent forecasts as a tiered model makes them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.arrays import Floats
from features.online.feature_rows import FeatureRows
from tests.serving.fakes import DAY, NO_ORDERS, TODAY, FakeRelease, KnownCustomer, feature_rows
from training.inference.forecast import LAST_DAY, Forecast, SpendForecast

IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
GRID = np.array([0.0, 1, 7, 14, 21, 30, 60, 90, 180, 365, LAST_DAY])
HORIZONS = (30, 90, 365)


@st.composite
def knowns(draw: st.DrawFn) -> KnownCustomer:
    """A customer with any history before today."""
    if draw(st.booleans()):
        return NO_ORDERS
    last = TODAY - draw(st.integers(1, 900 * DAY))
    gap = draw(st.one_of(st.just(np.nan), st.floats(1, 400)))
    return KnownCustomer(
        last_order_at=float(last), median_gap_days=gap, mean_gap_days=gap, spend=draw(st.floats(-50, 9000))
    )


@st.composite
def forecasts(draw: st.DrawFn, n: int) -> Forecast:
    """A coherent forecast of n customers: its answers agree with each other."""
    steps = draw(arrays(float, (n, len(GRID)), elements=st.floats(0, 3)))
    steps[:, 0] = 0
    order_by = -np.expm1(-np.cumsum(steps, axis=1) / draw(st.sampled_from([1.0, 10.0, 1000.0])))
    within = order_by[:, np.searchsorted(GRID, HORIZONS)]
    more = draw(arrays(float, (n, len(HORIZONS)), elements=st.floats(1, 4)))
    orders = np.maximum.accumulate(within * more, axis=1)
    mean = 31.7 * orders
    median = np.where(within < 0.5, 0.0, 0.9 * mean)
    return Forecast(
        tier=draw(arrays(np.int8, n, elements=st.integers(0, 3))),
        days=GRID,
        order_by=order_by,
        horizons=HORIZONS,
        expected_orders=orders,
        spend=SpendForecast(mean=mean, median=median, p10=0.2 * median, p90=median + 2 * mean),
    )


@st.composite
def populations(draw: st.DrawFn) -> tuple[FeatureRows, FakeRelease]:
    """Feature rows of known and unknown customers, and a release with a forecast for them."""
    customers = draw(st.dictionaries(IDS, st.one_of(st.none(), knowns()), min_size=1, max_size=6))
    forecast = draw(forecasts(len(customers)))
    return feature_rows(customers), FakeRelease(answer=lambda _, __: forecast)


def ascending(columns: Floats) -> bool:
    """Whether the values of each row never decrease; the array is (n, k)."""
    return bool((np.diff(columns, axis=1) >= 0).all())
