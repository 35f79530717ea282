"""Randomised units: what chance decided about, and the orders that count for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tests.training.attribution.attribution_logs import EMAIL, JANUARY, Touch, instants, order_rows, touch_rows
from training.attribution.incremental.randomised_units import RandomisedUnits, decision_units, touch_units
from training.attribution.rows import DecisionRows


def units_of(touches: Sequence[Touch], orders: Sequence[tuple[int, float]] = ()) -> RandomisedUnits:
    return touch_units(touch_rows(touches), order_rows(orders), JANUARY)


def email(customer: int, day: float, treated: bool, campaign: int = 0) -> Touch:
    return Touch(customer, day, EMAIL, treated, 0.9, campaign)


def test_who_is_always_held_out_or_never_is_one_unit_from_the_first_touch_on() -> None:
    units = units_of([email(0, 9, True), email(0, 3, True), email(1, 4, False), email(1, 6, False)], [(0, 2), (0, 31)])
    assert units.level == "customer"
    assert (units.customer.tolist(), units.treated.tolist(), units.orders.tolist()) == ([0, 1], [True, False], [1, 0])


def test_a_customer_held_out_of_one_campaign_alone_is_a_unit_of_each() -> None:
    units = units_of([email(0, 3, True), email(0, 4, True), email(0, 5, False, campaign=1)], [(0, 4.5)])
    assert units.level == "campaign"
    assert (units.treated.tolist(), units.orders.tolist()) == ([True, False], [1, 0])


def test_touches_that_are_drawn_one_by_one_are_units_one_by_one() -> None:
    units = units_of([email(0, 3, True), email(0, 4, False), email(0, 5, True)], [(0, 4.5)])
    assert units.level == "touch"
    assert (units.treated.tolist(), units.orders.tolist()) == ([True, False, True], [1, 1, 0])


def test_orders_of_before_the_touch_and_after_the_period_do_not_count() -> None:
    assert units_of([email(0, 3, True)], [(0, 2.9), (0, 3.0), (0, 31.9), (0, 32.0)]).orders.tolist() == [2]


@pytest.mark.parametrize(("day", "orders"), [(30.9, 1), (31.0, 0)])
def test_an_order_counts_for_a_campaign_for_28_days(day: float, orders: int) -> None:
    rows = [email(0, 3, True), email(0, 3, False, campaign=1)]
    assert units_of(rows, [(0, day)]).orders.tolist() == [orders, orders]


def test_touches_of_an_experiment_are_judged_by_its_decisions() -> None:
    assert len(units_of([Touch(0, 3, EMAIL, in_experiment=True)])) == 0


def test_a_touch_outside_the_period_is_no_unit() -> None:
    assert len(units_of([email(0, 0.9, True), email(0, 32, True)])) == 0


def test_a_decision_has_the_window_of_its_experiment() -> None:
    at = instants([3, 3])
    decisions = DecisionRows(
        customer=np.array([0, 1]), at=at, day=at // 86_400_000_000, channel=np.array([0, 0]), campaign=np.array([0, 0]),
        treated=np.array([True, False]), probability=np.array([0.5, 0.5]), window_days=np.array([7, 7]),
    )  # fmt: skip
    units = decision_units(decisions, order_rows([(0, 9.9), (0, 10.0), (1, 3.0)]), JANUARY)
    assert (units.level, units.orders.tolist()) == ("experiment", [1, 1])
