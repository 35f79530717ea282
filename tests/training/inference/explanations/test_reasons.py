# ruff: noqa: RUF001 -- Chinese has a punctuation of its own
"""The few things that moved each answer of a customer most, in words that say what is true of that customer."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from features.arrays import Floats
from features.transformations.engagement import engagement_view
from features.transformations.transactions import transactions_view
from features.views import View
from tests.training.shops import corner_shop, corner_tiers, shared
from training.inference.explanations.reasons import MAX_REASONS, MIN_IMPORTANCE, Explainer, Reason
from training.inference.explanations.rendering import concepts_by_input, render_sentence
from training.inference.forecast import TIERS
from training.inference.tiered_model import TieredModel
from training.inference.tiers.cohort import CohortTier
from training.inference.tiers.trees import TreesTier
from training.inference.tiers.value_heads import EXPECTATION_FILE
from training.models import EXPLANATIONS

ANSWERS = tuple(EXPLANATIONS)


@shared
def names() -> tuple[str, ...]:
    return corner_shop().data.names


def tiered_model(tier: str) -> TieredModel:
    return corner_tiers()[tier].tiered_model


@shared
def views() -> tuple[View, ...]:
    return (transactions_view(corner_shop().history),)


def explainer(one: TieredModel) -> Explainer:
    return Explainer(one, names(), views(), "EUR", EXPLANATIONS)


@shared
def all_customers() -> tuple[Floats, Floats]:
    today = corner_shop().population()
    return today.inputs, np.nan_to_num(today.column("orders"))


@shared
def reasons_of(tier: str) -> list[list[Reason]]:
    """The reasons of the first hundred customers."""
    inputs, orders = all_customers()
    return explainer(tiered_model(tier)).explain(inputs[:100], orders[:100], ANSWERS, 0.5)


def customer_inputs(**known: float) -> Floats:
    """One customer, of whom only this is known."""
    return np.array([[known.get(name, np.nan) for name in names()]])


def contributions(**by: float) -> Floats:
    """How far some inputs moved an answer."""
    return np.array([[by.get(name, 0.0) for name in names()]])


def buyer_reasons(inputs: Floats, contributions: Floats, answer: str = "churn") -> list[Reason]:
    (found,) = explainer(tiered_model("ml"))._buyer_reasons(answer, inputs, contributions)
    return found


@pytest.mark.parametrize("tier", TIERS)
def test_there_are_up_to_three_reasons_for_each_answer_and_the_first_matters_most(tier: str) -> None:
    for found in reasons_of(tier):
        assert [reason.answer for reason in found] == sorted((one.answer for one in found), key=ANSWERS.index)
        for answer in ANSWERS:
            importance = [reason.importance for reason in found if reason.answer == answer]
            assert len(importance) <= MAX_REASONS
            assert importance == sorted(importance, reverse=True)
            assert all(share >= MIN_IMPORTANCE for share in importance)
            assert sum(importance) <= 1 + 1e-9


def test_every_customer_with_orders_has_reasons_for_every_answer_of_trees() -> None:
    assert all({reason.answer for reason in found} == {*ANSWERS} for found in reasons_of("ml"))
    assert {reason.direction for found in reasons_of("ml") for reason in found} == {
        "raises",
        "lowers",
        "sooner",
        "later",
    }


@pytest.mark.parametrize("tier", TIERS)
def test_a_reason_says_what_is_true_of_the_customer(tier: str) -> None:
    inputs, _ = all_customers()
    for row, found in enumerate(reasons_of(tier)):
        for reason in found:
            known = float(inputs[row, names().index(reason.code)])
            assert reason.value == (None if np.isnan(known) else known)
            words = render_sentence(concepts_by_input(views())[reason.code], reason.code, known, "EUR")
            assert reason.text["en"].startswith(words["en"])
            assert reason.text["zh"].startswith(words["zh"])
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
    (found,) = Explainer(tiered_model("ml"), counted, both, "EUR", EXPLANATIONS)._buyer_reasons(
        "churn", np.array([[1.0, 2.0]]), np.array([[0.6, -0.4]])
    )
    assert [(one.code, one.importance, one.direction) for one in found] == [
        ("behaviour_share_91d", 0.6, "raises"), ("social_share_91d", 0.4, "lowers"),
    ]  # fmt: skip


def test_the_input_told_is_one_that_pulled_the_way_the_reason_goes() -> None:
    (one,) = buyer_reasons(
        customer_inputs(orders_28d=0.0, orders_91d=9.0, orders_182d=12.0),
        contributions(orders_28d=0.5, orders_91d=-0.4, orders_182d=-0.3),
    )
    assert (one.code, one.direction, one.importance) == ("orders_91d", "lowers", 1.0)


def test_an_input_without_a_value_is_told_only_where_there_is_no_other() -> None:
    (one,) = buyer_reasons(
        customer_inputs(recency_days=40.0), contributions(recency_days=0.1, recency_over_median_gap=0.5)
    )
    assert (one.code, one.value) == ("recency_days", 40.0)
    (other,) = buyer_reasons(customer_inputs(), contributions(median_gap_days=-0.1, p90_gap_days=-0.5))
    assert other.code == "p90_gap_days"
    assert other.value is None
    assert other.text["en"] == "Nothing known yet: gaps between orders"


def test_what_hardly_matters_is_no_reason() -> None:
    found = buyer_reasons(customer_inputs(spend=5.0, tenure_days=9.0), contributions(spend=1.0, tenure_days=0.04))
    assert [reason.code for reason in found] == ["spend"]
    assert found[0].importance == pytest.approx(1 / 1.04)


def test_what_moved_nothing_is_no_reason() -> None:
    assert buyer_reasons(customer_inputs(spend=5.0), contributions()) == []


@pytest.mark.parametrize(
    ("answer", "more", "less"),
    [("churn", "raises", "lowers"), ("next_purchase", "sooner", "later"), ("ltv", "raises", "lowers")],
)
def test_a_direction_is_that_of_the_answer(answer: str, more: str, less: str) -> None:
    found = buyer_reasons(
        customer_inputs(spend=5.0, tenure_days=9.0), contributions(spend=2.0, tenure_days=-1.0), answer
    )
    assert [(reason.answer, reason.direction) for reason in found] == [(answer, more), (answer, less)]


def test_only_the_answers_asked_for_are_explained() -> None:
    inputs, orders = all_customers()
    found = explainer(tiered_model("ml")).explain(inputs[:20], orders[:20], ("ltv", "churn"), 0.5)
    for some, whole in zip(found, reasons_of("ml"), strict=False):
        assert some == [one for answer in ("ltv", "churn") for one in whole if one.answer == answer]


def test_a_customers_reasons_are_the_same_in_any_company() -> None:
    inputs, orders = all_customers()
    for tier in TIERS:
        (alone,) = explainer(tiered_model(tier)).explain(inputs[7:8], orders[7:8], ANSWERS, 0.5)
        for one, among in zip(alone, reasons_of(tier)[7], strict=True):
            assert one.importance == pytest.approx(among.importance)
            assert replace(one, importance=0.0) == replace(among, importance=0.0)


def test_nobody_asked_about_has_no_reasons() -> None:
    inputs, orders = all_customers()
    for tier in TIERS:
        assert explainer(tiered_model(tier)).explain(inputs[:0], orders[:0], ANSWERS, 0.5) == []


def test_of_a_customer_without_orders_just_that_is_told() -> None:
    inputs, orders = all_customers()
    new = np.flatnonzero(orders == 0)[:1]
    for tier in TIERS:
        churns = 1 - tiered_model(tier).forecast(inputs[new], orders[new]).order_probability(60)[0]
        (found,) = explainer(tiered_model(tier)).explain(inputs[new], orders[new], ANSWERS, churns - 0.01)
        assert [(one.answer, one.code, one.value, one.importance) for one in found] == [
            (answer, "orders", 0.0, 1.0) for answer in ANSWERS
        ]
        assert [one.direction for one in found] == ["raises", "later", "lowers"]
        assert {one.text["en"] for one in found} == {"No orders so far"}
        (other,) = explainer(tiered_model(tier)).explain(inputs[new], orders[new], ANSWERS, churns + 0.01)
        assert [one.direction for one in other] == ["lowers", "sooner", "raises"]


def test_where_everybody_is_alike_there_is_no_reason_for_it() -> None:
    _, orders = all_customers()
    for found in (found for found, bought in zip(reasons_of("population"), orders >= 1, strict=False) if bought):
        assert {(reason.answer, reason.code) for reason in found} <= {("ltv", "mean_order")}


def test_a_cohort_is_told_by_its_borders() -> None:
    found = tiered_model("cohort").tier_by_name["cohort"]
    assert isinstance(found, CohortTier)
    cells = ((0.3,), (0.1,), (0.6,), (0.3,))  # once or more often, by lately or not
    rung = replace(
        found, frequency=(2.0,), recency=(30.0,), edges=(0.0, 60.0), hazards=cells, orders_of_comers=((1.0, 2.0),) * 4
    )
    inputs = np.concatenate(
        [customer_inputs(orders=12.0, recency_days=5.0), customer_inputs(orders=1.0, recency_days=99.0)]
    )
    regular, lost = explainer(replace(tiered_model("cohort"), tier_by_name={"cohort": rung})).explain(
        inputs, inputs[:, 0], ANSWERS, 0.5
    )
    assert {(one.answer, one.direction) for one in regular if one.code != "mean_order"} == {
        ("churn", "lowers"), ("next_purchase", "sooner"), ("ltv", "raises"),
    }  # fmt: skip
    assert {one.text["en"] for one in regular if one.code == "orders"} == {
        "12 orders so far (in the group of 2 orders or more)"
    }
    assert {one.text["en"] for one in lost if one.code == "recency_days"} == {
        "Last order 99 days ago (in the group of 30 days or more)"
    }
    assert {one.text["zh"] for one in lost if one.code == "orders"} == {"累计下单 1 次（同组：不足 2 次）"}


def test_a_mean_order_is_told_without_borders() -> None:
    assert all("(" not in one.text["en"] for found in reasons_of("cohort") for one in found if one.code == "mean_order")
    assert all("(in the group" not in one.text["en"] for found in reasons_of("ml") for one in found)


def test_without_amounts_the_count_of_orders_is_explained() -> None:
    files = {name: text for artefact in corner_tiers()["ml"].artifacts.values() for name, text in artefact.items()}
    said = json.loads(files[EXPECTATION_FILE])
    del said["base"]["spend"]
    counting = TreesTier({**files, EXPECTATION_FILE: json.dumps(said)}, names(), (30, 60))
    inputs, orders = all_customers()
    bought = np.flatnonzero(orders >= 1)[:20]
    found = explainer(replace(tiered_model("ml"), tier_by_name={"ml": counting})).explain(
        inputs[bought], orders[bought], ("ltv",), 0.5
    )
    assert all(found)
    assert found != explainer(tiered_model("ml")).explain(inputs[bought], orders[bought], ("ltv",), 0.5)
