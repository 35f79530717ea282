"""What a business calls a lapsed customer is judged on the same customers and the same label as the model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.arrays import Floats
from features.config.churn_rules import ChurnRule
from tests.training.by_hand import outcomes_of, rows_of, steady_forecast
from tests.training.shops import ZONE, TrainingShop, cached_for_session, corner_shop, small_ensembles
from training.dataset.plan import HorizonPlan
from training.evaluation.backtest import Backtest, backtest
from training.evaluation.churn_rules import (
    RuleResult,
    compare_rules,
    flag_customers,
    flag_most_likely,
    inactivity_at_origin,
)

PLAN = HorizonPlan(churn_days=60, horizons=(30, 60), learned=(30, 60), has_amounts=True)
ORIGIN, FIRST = date(2020, 10, 1), date(2020, 1, 1)
NEVER = math.inf
RULES = {"a month": ChurnRule(no_order_days=30)}


def backtest_of(waits: Sequence[float], paces: Sequence[float], origin: date = ORIGIN) -> Backtest:
    """Customers who came after so many days, each expected at a pace of orders a day."""
    rows = rows_of(outcomes_of(waits, [90.0] * len(waits)))
    return Backtest(origin, PLAN, rows, {"average": steady_forecast(paces)}, {})


def inactivity_days(contact: Sequence[float], order: Sequence[float] | None = None) -> dict[str, Floats]:
    return {
        "no_contact_days": np.array(contact, dtype=float),
        "no_order_days": np.array(order if order is not None else contact, dtype=float),
    }


def rule_flags(test: Backtest, order: Sequence[float]) -> RuleResult:
    (one,) = compare_rules([test], RULES, {test.origin: inactivity_days(order)}, FIRST, "average")
    return one


def test_a_rule_flags_whoever_was_silent_for_as_many_days_or_more() -> None:
    flags = flag_customers(
        backtest_of([5] * 3, [0.1] * 3), RULES["a month"], inactivity_days([0, 0, 0], [29, 30, 31]), "average"
    )
    assert flags.by_rule.tolist() == [0, 1, 1]


def test_all_conditions_of_a_rule_have_to_hold() -> None:
    rule = ChurnRule(no_contact_days=10, no_order_days=30)
    flags = flag_customers(
        backtest_of([5] * 4, [0.1] * 4), rule, inactivity_days([10, 9, 10, 9], [30, 30, 29, 29]), "average"
    )
    assert flags.by_rule.tolist() == [1, 0, 0, 0]


def test_somebody_of_whom_nothing_is_known_is_not_flagged() -> None:
    flags = flag_customers(
        backtest_of([5, 5], [0.1, 0.1]), RULES["a month"], inactivity_days([40, 40], [math.nan, 40]), "average"
    )
    assert flags.by_rule.tolist() == [0, 1]


def test_precision_recall_and_f1_are_counted_by_hand() -> None:
    # Flagged are the first four: three of them left, as did one more who was not flagged.
    waits = [NEVER, NEVER, NEVER, 10, NEVER, 59, 20, 30]
    one = rule_flags(backtest_of(waits, [0.1] * 8), [40, 40, 40, 40, 5, 5, 5, 5])
    assert (one.customers, one.churned, one.flagged, one.share) == (8, 4, 4, 0.5)
    assert (one.precision, one.recall, one.f1) == (0.75, 0.75, 0.75)
    assert (one.rule, one.origin, one.horizon_days, one.tier) == ("a month", ORIGIN, 60, "average")


def test_an_order_on_the_last_day_of_the_window_is_no_churn_and_one_at_its_end_is() -> None:
    one = rule_flags(backtest_of([59.9, 60.0], [0.1, 0.1]), [40, 40])
    assert (one.churned, one.precision) == (1, 0.5)


def test_the_model_flags_as_many_and_the_likeliest_to_leave() -> None:
    waits, paces = [NEVER, 10, 10, NEVER], [0.5, 0.2, 0.3, 0.001]
    one = rule_flags(backtest_of(waits, paces), [40, 40, 0, 0])
    assert one.precision == 0.5
    assert (one.model_precision, one.model_recall) == (0.5, 0.5)  # the two slowest, of whom one left
    assert rule_flags(backtest_of(waits, [0.002, 0.2, 0.3, 0.001]), [40, 40, 0, 0]).model_precision == 1.0


def test_those_whom_the_model_finds_alike_share_the_last_places() -> None:
    one = rule_flags(backtest_of([NEVER, NEVER, 10, 10], [0.001, 0.1, 0.1, 0.1]), [40, 40, 0, 0])
    assert one.model_precision == pytest.approx((1 + 1 / 3) / 2)
    assert one.model_recall == pytest.approx((1 + 1 / 3) / 2)


SCORES = arrays(float, 12, elements=st.sampled_from([0.0, 0.2, 0.5, 0.9]))


@given(SCORES, st.integers(0, 12), st.permutations(range(12)))
def test_as_many_are_flagged_as_asked_whatever_the_order_of_the_customers(
    probability: Floats, count: int, order: list[int]
) -> None:
    flags = flag_most_likely(probability, count)
    assert flags.sum() == pytest.approx(count)
    assert ((flags >= 0) & (flags <= 1 + 1e-12)).all()
    assert np.array_equal(flag_most_likely(probability[order], count), flags[order])
    assert flags[probability.argmax()] >= flags.max() - 1e-12


def test_a_model_that_is_surely_better_has_an_interval_above_nothing() -> None:
    leaves = [NEVER if place % 2 else 5.0 for place in range(400)]
    knows = [0.001 if place % 2 else 0.3 for place in range(400)]
    guesses = [40.0 if place % 4 < 2 else 0.0 for place in range(400)]
    one = rule_flags(backtest_of(leaves, knows), guesses)
    assert (one.precision, one.model_precision, one.model_recall) == (0.5, 1.0, 1.0)
    assert one.precision_gain.value == one.recall_gain.value == 0.5
    assert 0.4 < one.precision_gain.low < 0.5 < one.precision_gain.high < 0.6


def test_a_rule_that_is_better_than_the_model_is_said_to_be() -> None:
    leaves = [NEVER if place % 2 else 5.0 for place in range(400)]
    one = rule_flags(backtest_of(leaves, [0.1] * 400), [40.0 if place % 2 else 0.0 for place in range(400)])
    assert (one.precision, one.precision_gain.value) == (1.0, -0.5)
    assert one.precision_gain.high < 0


def test_a_rule_that_flags_nobody_has_no_precision_and_finds_nobody() -> None:
    one = rule_flags(backtest_of([NEVER, 5], [0.1, 0.1]), [0, 0])
    assert (one.flagged, one.recall, one.f1) == (0, 0.0, 0.0)
    assert math.isnan(one.precision)
    assert math.isnan(one.model_precision)
    assert math.isnan(one.precision_gain.value)
    assert math.isnan(one.precision_gain.low)


def test_where_nobody_left_there_is_no_recall() -> None:
    one = rule_flags(backtest_of([3, 5], [0.1, 0.1]), [40, 0])
    assert (one.precision, one.f1) == (0.0, 0.0)
    assert math.isnan(one.recall)


def test_over_all_origins_customers_are_added_up() -> None:
    older = ORIGIN - timedelta(days=60)
    tests = [backtest_of([NEVER, 5, 5], [0.1] * 3), backtest_of([NEVER, NEVER, 5], [0.1] * 3, older)]
    inactivity_by_origin = {ORIGIN: inactivity_days([40, 40, 0]), older: inactivity_days([40, 0, 0])}
    newest, before, together = compare_rules(tests, RULES, inactivity_by_origin, FIRST, "average")
    assert [one.origin for one in (newest, before, together)] == [ORIGIN, older, None]
    assert (newest.precision, before.precision) == (0.5, 1.0)
    assert (together.customers, together.churned, together.flagged) == (6, 3, 3)
    assert together.precision == together.recall == pytest.approx(2 / 3)


def test_a_customer_at_several_origins_is_drawn_as_one() -> None:
    tests = [backtest_of([NEVER, 5] * 40, [0.01, 0.1] * 40, ORIGIN - timedelta(days=back)) for back in (0, 60, 120)]
    inactivity_by_origin = {test.origin: inactivity_days([40, 40, 0, 0] * 20) for test in tests}
    once, *_, together = compare_rules(tests, RULES, inactivity_by_origin, FIRST, "average")
    assert vars(together.precision_gain) == pytest.approx(vars(once.precision_gain))


def test_a_rule_is_judged_only_where_the_log_is_longer_than_it_asks() -> None:
    tests = [backtest_of([NEVER, 5], [0.1] * 2, FIRST + timedelta(days=number)) for number in (32, 31, 30)]
    inactivity_by_origin = {test.origin: inactivity_days([30, 0]) for test in tests}
    results = compare_rules(tests, RULES, inactivity_by_origin, FIRST, "average")
    assert [one.origin for one in results] == [tests[0].origin, tests[1].origin, None]
    assert compare_rules(tests, {"a year": ChurnRule(no_order_days=365)}, inactivity_by_origin, FIRST, "average") == []


def test_nothing_is_judged_without_a_rule_or_without_an_origin() -> None:
    assert compare_rules([backtest_of([5], [0.1])], {}, {}, FIRST, "average") == []
    assert compare_rules([], RULES, {}, FIRST, "average") == []


@cached_for_session
def corner_test() -> tuple[TrainingShop, Backtest]:
    one = corner_shop()
    with small_ensembles(5):
        return one, backtest(one.data, one.schedule, one.plan, ("population",), ZONE)[0]


@pytest.mark.slow
def test_the_silences_of_a_test_are_those_of_its_customers_at_its_origin() -> None:
    shop, test = corner_test()
    at = next(one for one in shop.cutoffs if one.day == test.origin)
    inactive_days = inactivity_at_origin(shop.data, test, at, ())
    recency = test.rows.column("recency_days")
    assert len(inactive_days["no_order_days"]) == len(test.rows)
    assert np.array_equal(inactive_days["no_order_days"], np.ceil(recency) - 1)
    assert (inactive_days["no_contact_days"] <= inactive_days["no_order_days"]).all()
    assert (inactive_days["no_contact_days"] >= 0).all()


@pytest.mark.slow
def test_silences_follow_the_rows_in_whatever_order_they_are() -> None:
    shop, test = corner_test()
    at = next(one for one in shop.cutoffs if one.day == test.origin)
    turned = replace(test, rows=test.rows.select(np.arange(len(test.rows))[::-1]))
    assert np.array_equal(inactivity_at_origin(shop.data, turned, at, ())["no_order_days"],
                          inactivity_at_origin(shop.data, test, at, ())["no_order_days"][::-1])  # fmt: skip
