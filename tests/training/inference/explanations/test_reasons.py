"""Reasons: the facts that moved each answer of a customer most, in sentences that are true for that customer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.arrays import Floats
from features.transformations.engagement import engagement_view
from features.transformations.transactions import transactions_view
from features.views import View
from tests.training.shops import FITTED_TIERS, cached_for_session, corner_shop, corner_tiers
from training.inference.average.average_tier import AverageTier
from training.inference.explanations.reasons import MAX_REASONS, MIN_IMPORTANCE, Explainer, Reason
from training.inference.explanations.rendering import concepts_by_input, render_sentence
from training.inference.tiered_model import TieredModel
from training.models import EXPLANATIONS

ANSWERS = tuple(EXPLANATIONS)


@cached_for_session
def names() -> tuple[str, ...]:
    return corner_shop().data.names


def tiered_model(tier: str) -> TieredModel:
    return corner_tiers()[tier].tiered_model


@cached_for_session
def views() -> tuple[View, ...]:
    return (transactions_view(corner_shop().history),)


def explainer(model: TieredModel) -> Explainer:
    return Explainer(model, names(), views(), "EUR", EXPLANATIONS)


@cached_for_session
def all_customers() -> tuple[Floats, Floats]:
    today = corner_shop().population()
    return today.inputs, np.nan_to_num(today.column("orders"))


@cached_for_session
def reasons_of(tier: str) -> list[list[Reason]]:
    """Return the reasons of the first hundred customers."""
    inputs, orders = all_customers()
    return explainer(tiered_model(tier)).explain(inputs[:100], orders[:100], ANSWERS, 0.5)


def customer_inputs(**known: float) -> Floats:
    """Return one customer with only these inputs; the others are missing."""
    return np.array([[known.get(name, np.nan) for name in names()]])


def contributions(**by: float) -> Floats:
    """Return the attributions of one customer; the other inputs have none."""
    return np.array([[by.get(name, 0.0) for name in names()]])


def buyer_reasons(inputs: Floats, contributions: Floats, answer: str = "churn") -> list[Reason]:
    (reasons,) = explainer(tiered_model("average")).buyer_reasons(answer, inputs, contributions)
    return reasons


@pytest.mark.parametrize("tier", FITTED_TIERS)
def test_there_are_up_to_three_reasons_for_each_answer_and_the_first_matters_most(tier: str) -> None:
    for reasons in reasons_of(tier):
        assert [reason.answer for reason in reasons] == sorted((reason.answer for reason in reasons), key=ANSWERS.index)
        for answer in ANSWERS:
            importance = [reason.importance for reason in reasons if reason.answer == answer]
            assert len(importance) <= MAX_REASONS
            assert importance == sorted(importance, reverse=True)
            assert all(share >= MIN_IMPORTANCE for share in importance)
            assert sum(importance) <= 1 + 1e-9


def test_every_customer_with_orders_has_reasons_for_every_answer_of_the_average() -> None:
    assert all({reason.answer for reason in reasons} == {*ANSWERS} for reasons in reasons_of("average"))
    directions = {reason.direction for reasons in reasons_of("average") for reason in reasons}
    assert directions == {"raises", "lowers", "sooner", "later"}


@pytest.mark.parametrize("tier", FITTED_TIERS)
def test_a_reason_says_what_is_true_of_the_customer(tier: str) -> None:
    inputs, _ = all_customers()
    for row, reasons in enumerate(reasons_of(tier)):
        for reason in reasons:
            known = float(inputs[row, names().index(reason.code)])
            assert reason.value == (None if np.isnan(known) else known)
            texts = render_sentence(concepts_by_input(views())[reason.code], reason.code, known, "EUR")
            assert reason.text["en"].startswith(texts["en"])
            assert reason.text["zh"].startswith(texts["zh"])
            assert reason.direction in EXPLANATIONS[reason.answer].directions


def test_inputs_that_say_the_same_thing_count_together() -> None:
    first, second = buyer_reasons(
        customer_inputs(recency_days=40.0, recency_over_median_gap=4.2, spend=500.0),
        contributions(recency_days=0.2, recency_over_median_gap=0.3, spend=-0.4),
    )
    assert (first.code, first.value, first.direction) == ("recency_over_median_gap", 4.2, "raises")
    assert first.importance == pytest.approx(5 / 9)
    assert first.text["en"] == "Silent for 4.2 times the usual gap between orders"
    assert first.text["zh"] == "沉默时间已是平时购买间隔的 4.2 倍"
    assert (second.code, second.direction) == ("spend", "lowers")
    assert second.importance == pytest.approx(4 / 9)


def test_a_kind_of_event_that_two_views_count_is_two_things() -> None:
    both = [engagement_view(dimension, ["share"]) for dimension in ("behaviour", "social")]
    counted = ("behaviour_share_91d", "social_share_91d")
    (reasons,) = Explainer(tiered_model("average"), counted, both, "EUR", EXPLANATIONS).buyer_reasons(
        "churn", np.array([[1.0, 2.0]]), np.array([[0.6, -0.4]])
    )
    assert [(reason.code, reason.importance, reason.direction) for reason in reasons] == [
        ("behaviour_share_91d", 0.6, "raises"), ("social_share_91d", 0.4, "lowers"),
    ]  # fmt: skip


def test_the_named_input_is_one_that_pulled_the_way_the_reason_goes() -> None:
    (reason,) = buyer_reasons(
        customer_inputs(orders_28d=0.0, orders_91d=9.0, orders_182d=12.0),
        contributions(orders_28d=0.5, orders_91d=-0.4, orders_182d=-0.3),
    )
    assert (reason.code, reason.direction, reason.importance) == ("orders_91d", "lowers", 1.0)


def test_an_input_without_a_value_is_named_only_where_there_is_no_other() -> None:
    (reason,) = buyer_reasons(
        customer_inputs(recency_days=40.0), contributions(recency_days=0.1, recency_over_median_gap=0.5)
    )
    assert (reason.code, reason.value) == ("recency_days", 40.0)
    (other,) = buyer_reasons(customer_inputs(), contributions(median_gap_days=-0.1, p90_gap_days=-0.5))
    assert other.code == "p90_gap_days"
    assert other.value is None
    assert other.text["en"] == "Nothing known yet: gaps between orders"


def test_what_hardly_matters_is_no_reason() -> None:
    reasons = buyer_reasons(customer_inputs(spend=5.0, tenure_days=9.0), contributions(spend=1.0, tenure_days=0.04))
    assert [reason.code for reason in reasons] == ["spend"]
    assert reasons[0].importance == pytest.approx(1 / 1.04)


def test_what_moved_nothing_is_no_reason() -> None:
    assert buyer_reasons(customer_inputs(spend=5.0), contributions()) == []


@pytest.mark.parametrize(
    ("answer", "more", "less"),
    [("churn", "raises", "lowers"), ("next_purchase", "sooner", "later"), ("ltv", "raises", "lowers")],
)
def test_a_direction_is_that_of_the_answer(answer: str, more: str, less: str) -> None:
    reasons = buyer_reasons(
        customer_inputs(spend=5.0, tenure_days=9.0), contributions(spend=2.0, tenure_days=-1.0), answer
    )
    assert [(reason.answer, reason.direction) for reason in reasons] == [(answer, more), (answer, less)]


def test_only_the_answers_asked_for_are_explained() -> None:
    inputs, orders = all_customers()
    reasons = explainer(tiered_model("average")).explain(inputs[:20], orders[:20], ("ltv", "churn"), 0.5)
    for selected, whole in zip(reasons, reasons_of("average"), strict=False):
        assert selected == [reason for answer in ("ltv", "churn") for reason in whole if reason.answer == answer]


def test_a_customers_reasons_are_the_same_in_any_company() -> None:
    inputs, orders = all_customers()
    for tier in FITTED_TIERS:
        (alone,) = explainer(tiered_model(tier)).explain(inputs[7:8], orders[7:8], ANSWERS, 0.5)
        for reason, among in zip(alone, reasons_of(tier)[7], strict=True):
            assert reason.importance == pytest.approx(among.importance)
            assert replace(reason, importance=0.0) == replace(among, importance=0.0)


def test_nobody_asked_about_has_no_reasons() -> None:
    inputs, orders = all_customers()
    for tier in FITTED_TIERS:
        assert explainer(tiered_model(tier)).explain(inputs[:0], orders[:0], ANSWERS, 0.5) == []


def test_of_a_customer_without_orders_that_is_the_only_reason() -> None:
    inputs, orders = all_customers()
    new = np.flatnonzero(orders == 0)[:1]
    for tier in FITTED_TIERS:
        churns = 1 - tiered_model(tier).forecast(inputs[new], orders[new]).order_probability(60)[0]
        (reasons,) = explainer(tiered_model(tier)).explain(inputs[new], orders[new], ANSWERS, churns - 0.01)
        assert [(reason.answer, reason.code, reason.value, reason.importance) for reason in reasons] == [
            (answer, "orders", 0.0, 1.0) for answer in ANSWERS
        ]
        assert [reason.direction for reason in reasons] == ["raises", "later", "lowers"]
        assert {reason.text["en"] for reason in reasons} == {"No orders so far"}
        (other,) = explainer(tiered_model(tier)).explain(inputs[new], orders[new], ANSWERS, churns + 0.01)
        assert [reason.direction for reason in other] == ["lowers", "sooner", "raises"]


def test_where_everybody_is_alike_there_is_no_reason_for_it() -> None:
    _, orders = all_customers()
    for reasons, count in zip(reasons_of("population"), orders, strict=False):
        if count >= 1:
            assert {(reason.answer, reason.code) for reason in reasons} <= {("ltv", "mean_order")}


def test_without_amounts_the_count_of_orders_is_explained() -> None:
    model, (inputs, orders) = tiered_model("average"), all_customers()
    assert isinstance(model.tier, AverageTier)
    counting = replace(model, tier=replace(model.tier, spend=None))
    buyers = np.flatnonzero(orders >= 1)[:20]
    reasons, with_amounts = (
        explainer(asked).explain(inputs[buyers], orders[buyers], ("ltv",), 0.5) for asked in (counting, model)
    )
    assert all(reasons)
    assert reasons != with_amounts
