"""Fault: customers are split by a hash, and models are tested on the days of their training. The split is by time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import training.evaluation.backtest
from features.calendar import day_number
from tests.training.shops import ZONE, TrainingShop, cached_for_session, corner_shop
from training.dataset.outcomes import Rows
from training.dataset.plan import HorizonPlan
from training.dataset.schedule import plan_schedule
from training.evaluation.backtest import Backtest, backtest
from training.fitting.fit import FittedTier, fit_tiers
from training.inference.forecast import BTYD, POPULATION

pytestmark = pytest.mark.slow

FIRST = date(2021, 1, 1)
spans = st.integers(1, 5 * 365)
horizon_lists = st.lists(st.integers(1, 730), min_size=1, max_size=4, unique=True).map(lambda days: tuple(sorted(days)))


@given(spans, horizon_lists, st.integers(0, 3))
def test_no_training_window_reaches_beyond_its_origin(span: int, horizons: tuple[int, ...], churn: int) -> None:
    plan = plan_schedule(FIRST, FIRST + timedelta(days=span), horizons, horizons[churn % len(horizons)])
    for origin in plan.origins:
        for days in horizons:
            for cutoff in plan.training_cutoffs(origin, days):
                assert cutoff < origin
                assert cutoff + timedelta(days=days) <= origin


@cached_for_session
def run_backtest() -> tuple[TrainingShop, list[Rows], list[Backtest]]:
    """A shop, the training rows before each origin, and the back-tests at the origins."""
    shop, training_rows = corner_shop(), []

    def record_and_fit(rows: Rows, plan: HorizonPlan, limit: int, tiers: tuple[str, ...]) -> Mapping[str, FittedTier]:
        training_rows.append(rows)
        return fit_tiers(rows, plan, limit, tiers)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training.evaluation.backtest, "fit_tiers", record_and_fit)
        tests = backtest(shop.data, shop.schedule, shop.readiness.tested_plan, (BTYD, POPULATION), ZONE)
    return shop, training_rows, tests


def rows_and_backtests() -> list[tuple[Rows, Backtest]]:
    _, training_rows, tests = run_backtest()
    assert len(tests) == 3
    return list(zip(training_rows, tests, strict=True))


def test_no_training_cutoff_lies_after_the_origin_and_the_test_lies_at_it() -> None:
    for training_rows, test in rows_and_backtests():
        assert training_rows.cutoff.max() <= day_number(test.origin)
        assert set(test.rows.cutoff.tolist()) == {day_number(test.origin)}


def test_training_windows_are_over_at_the_origin() -> None:
    for training_rows, test in rows_and_backtests():
        age_days = day_number(test.origin) - training_rows.cutoff
        assert np.array_equal(training_rows.outcomes.follow_days, age_days.astype(float))
        for index, days in enumerate(training_rows.outcomes.horizons):
            labelled = ~np.isnan(training_rows.outcomes.orders[:, index])
            assert np.array_equal(labelled, age_days >= days)
            assert np.array_equal(~np.isnan(training_rows.outcomes.ordered_within(days)), age_days >= days)
        came = training_rows.outcomes.wait_days[np.isfinite(training_rows.outcomes.wait_days)]
        assert (came <= np.repeat(age_days, np.isfinite(training_rows.outcomes.wait_days))).all()


def test_the_windows_of_the_tests_are_over_today() -> None:
    shop, _, tests = run_backtest()
    for test in tests:
        assert test.origin + timedelta(days=test.plan.learned[-1]) <= shop.schedule.as_of
        for days in test.plan.learned:
            assert not np.isnan(test.rows.outcomes.orders_within(days)).any()


def test_no_customer_is_excluded_from_training_or_test() -> None:
    shop, _, _ = run_backtest()
    for training_rows, test in rows_and_backtests():
        earlier = [index for index, cutoff in enumerate(shop.data.cutoffs) if cutoff.day <= test.origin]
        customer_ids = shop.data.customers.loc[shop.data.customers["position"].isin(earlier), "customer_id"]
        assert set(training_rows.customer.tolist()) == {
            shop.data.customer_numbers[customer_id] for customer_id in customer_ids
        }
        buyers_before = set(training_rows.customer[training_rows.column("orders") >= 1].tolist())
        assert buyers_before <= set(test.rows.customer.tolist())
        assert len(buyers_before) > 300
