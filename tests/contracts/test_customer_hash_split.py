"""Fault: customers are split by a hash, and models tested on the days they were taught. The split is by time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import training.evaluation.backtest
from features.calendar import day_number
from tests.training.shops import ZONE, TrainingShop, corner_shop, shared
from training.dataset.outcomes import Rows
from training.dataset.schedule import plan_schedule
from training.evaluation.backtest import Backtest, backtest
from training.fitting.fit import FittedTier, fit_tiers
from training.model import HorizonPlan

FIRST = date(2021, 1, 1)
spans = st.integers(1, 5 * 365)
horizon_lists = st.lists(st.integers(1, 730), min_size=1, max_size=4, unique=True).map(lambda days: tuple(sorted(days)))
customers = st.sampled_from([1, 900, 5_000, 30_000, 2_000_000])


@given(spans, horizon_lists, customers)
def test_no_training_window_reaches_beyond_its_origin(span: int, horizons: tuple[int, ...], customers: int) -> None:
    plan = plan_schedule(FIRST, FIRST + timedelta(days=span), horizons, customers)
    for origin in plan.origins:
        for days in horizons:
            for cutoff in plan.training_cutoffs(origin, days):
                assert cutoff < origin
                assert cutoff + timedelta(days=days) <= origin


@shared
def run_backtest() -> tuple[TrainingShop, list[Rows], list[Backtest]]:
    """A shop, what was learned from before each origin, and the tests there."""
    one, taught = corner_shop(), []

    def remember(rows: Rows, plan: HorizonPlan, tiers: tuple[str, ...]) -> Mapping[str, FittedTier]:
        taught.append(rows)
        return fit_tiers(rows, plan, tiers)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training.evaluation.backtest, "fit_tiers", remember)
        tests = backtest(one.data, one.schedule, one.plan, ("cohort", "population"), ZONE)
    return one, taught, tests


def rows_and_backtests() -> list[tuple[Rows, Backtest]]:
    _, taught, tests = run_backtest()
    assert len(tests) == 3
    return list(zip(taught, tests, strict=True))


def test_every_cutoff_that_is_learned_from_lies_before_the_origin_and_the_test_lies_at_it() -> None:
    for taught, test in rows_and_backtests():
        assert taught.cutoff.max() < day_number(test.origin)
        assert set(test.rows.cutoff.tolist()) == {day_number(test.origin)}


def test_what_is_learned_from_was_over_at_the_origin() -> None:
    for taught, test in rows_and_backtests():
        over = day_number(test.origin) - taught.cutoff
        assert np.array_equal(taught.outcomes.follow_days, over.astype(float))
        for place, days in enumerate(taught.outcomes.horizons):
            labelled = ~np.isnan(taught.outcomes.orders[:, place])
            assert np.array_equal(labelled, over >= days)
            assert np.array_equal(~np.isnan(taught.outcomes.ordered_within(days)), over >= days)
        came = taught.outcomes.wait_days[np.isfinite(taught.outcomes.wait_days)]
        assert (came <= np.repeat(over, np.isfinite(taught.outcomes.wait_days))).all()


def test_the_windows_of_the_tests_are_over_today() -> None:
    one, _, tests = run_backtest()
    for test in tests:
        assert test.origin + timedelta(days=one.plan.learned[-1]) <= one.schedule.as_of
        for days in one.plan.learned:
            assert not np.isnan(test.rows.outcomes.orders_within(days)).any()


def test_nobody_is_held_back_from_learning_or_from_the_test() -> None:
    one, _, _ = run_backtest()
    for taught, test in rows_and_backtests():
        earlier = [place for place, cutoff in enumerate(one.data.cutoffs) if cutoff.day < test.origin]
        known = one.data.customers.loc[one.data.customers["position"].isin(earlier), "customer_id"]
        assert set(taught.customer.tolist()) == {one.data.customer_numbers[who] for who in known}
        buyers_before = set(taught.customer[taught.column("orders") >= 1].tolist())
        assert buyers_before <= set(test.rows.customer.tolist())
        assert len(buyers_before) > 300
