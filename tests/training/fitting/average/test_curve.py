"""Curve fitting: direct regressions and hazard trees at days with about equally many orders between them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.arrays import Floats
from tests.training.by_hand import outcomes_of
from tests.training.simulated_rows import SimulatedShop, btyd_answers, simulate_shop
from training.dataset.plan import HorizonPlan
from training.fitting.average.curve import CURVE_DAYS, FittedCurve, curve_days, fit_curve
from training.fitting.average.cutoff_weights import SeasonWeights

LIMIT = 300
DAYS = np.array([0.0, 10.0, 30.0, 60.0])
WAITS = arrays(float, 30, elements=st.one_of(st.just(float("inf")), st.floats(0, 1_500)))
FOLLOWS = arrays(float, 30, elements=st.integers(0, 1_500).map(float))


@given(WAITS, FOLLOWS, st.sampled_from([(30,), (30, 90), (7, 30, 365)]))
def test_the_days_ascend_from_0_to_the_longest_learned_horizon_over_all_of_them(
    wait: Floats, follow: Floats, learned: tuple[int, ...]
) -> None:
    days = curve_days(outcomes_of(wait, follow), HorizonPlan(learned[-1], learned, learned, has_amounts=True))
    assert (days[0], days[-1]) == (0.0, learned[-1])
    assert (np.diff(days) > 0).all()
    assert set(learned) <= set(days.tolist())
    assert len(days) <= 1 + CURVE_DAYS + len(learned)


def fit(shop: SimulatedShop) -> FittedCurve:
    answers = btyd_answers(shop.rows((150, 200, 240, 270, 290)), DAYS[1:].astype(int).tolist())
    return fit_curve(answers, DAYS, LIMIT, SeasonWeights.EQUAL)


@cache
def order_by() -> Floats:
    """P(order) by each day of the customers at the limit."""
    shop = simulate_shop(LIMIT, 200)
    fitted, rows = fit(shop), shop.rows((LIMIT,))
    answers = btyd_answers(rows, DAYS[1:].astype(int).tolist())
    return fitted.curve.order_by([answers.question(day, np.ones(len(rows), bool)) for day in DAYS[1:]])


@pytest.mark.slow
def test_p_order_begins_at_0_never_falls_and_stays_a_probability() -> None:
    curve = order_by()
    assert curve.shape[1] == len(DAYS)
    assert (curve[:, 0] == 0).all()
    assert (np.diff(curve, axis=1) >= 0).all()
    assert (curve < 1).all()


@pytest.mark.slow
def test_each_day_tells_customers_apart_alike() -> None:
    curve = order_by()[:, 1:]
    assert (curve.std(axis=0) > 0.02).all()
    ranks = curve.argsort(axis=0).argsort(axis=0)
    assert np.corrcoef(ranks.T).min() > 0.5


@pytest.mark.slow
def test_a_short_horizon_is_taught_by_newer_cutoffs_than_a_long_one() -> None:
    shop = simulate_shop(LIMIT, 200)
    closed = replace(shop, spend=np.where(np.arange(LIMIT) >= LIMIT - 20, 0.0, shop.spend))
    short, *_, long = fit(closed).curve.direct
    usual_short, *_, usual_long = fit(shop).curve.direct
    assert short.intercept < usual_short.intercept - 0.3
    assert long.intercept > usual_long.intercept - 0.3
