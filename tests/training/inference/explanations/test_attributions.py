"""Attributions: they add up to the answer on every tier, and they rank customers as the answers do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.arrays import Floats
from tests.training.shops import cached_for_session, corner_shop, corner_tiers
from training.inference.calibration import logit
from training.inference.explanations import exact_attributions
from training.inference.explanations.attributions import Attributions, redistribute_expectation
from training.inference.forecast import TIERS, Forecast
from training.inference.survival import PERIOD_INPUTS
from training.inference.tiered_model import TieredModel
from training.inference.tiers.lightgbm_runtime import sigmoid
from training.inference.tiers.trees import TreesTier
from training.models import EXPLANATIONS

MIXED = {
    "trees tilted by cohorts": {"churn": "cohort", "next_purchase": "ml", "ltv": "ml"},
    "cohorts tilted by trees": {"churn": "ml", "next_purchase": "cohort", "ltv": "cohort"},
    "all three": {"churn": "ml", "next_purchase": "btyd", "ltv": "cohort"},
}
TIERED_MODELS = ("ml", "btyd", "cohort", *MIXED)


def tiered_model(name: str) -> TieredModel:
    fitted = corner_tiers()
    if name in TIERS:
        return fitted[name].tiered_model
    tiers = MIXED[name]
    return replace(
        fitted[tiers["ltv"]].tiered_model,
        tier_by_model=tiers,
        tier_by_name={tier: fitted[tier].tiered_model.tier_by_name[tier] for tier in tiers.values()},
        calibration=fitted[tiers["churn"]].tiered_model.calibration,
    )


@cached_for_session
def buyers() -> Floats:
    today = corner_shop().population()
    return today.inputs[today.column("orders") >= 1]


@cached_for_session
def names() -> tuple[str, ...]:
    return corner_shop().data.names


def contributions_of(name: str, answer: str, inputs: Floats | None = None) -> Floats:
    moved = Attributions(tiered_model(name), names(), buyers() if inputs is None else inputs)
    return EXPLANATIONS[answer].attribute(moved)


@cached_for_session
def forecast(name: str) -> Forecast:
    return tiered_model(name).forecast(buyers(), np.ones(len(buyers())))


def ranks(numbers: Floats) -> Floats:
    return np.unique(numbers.round(9), return_inverse=True)[1].astype(float)


def rank_correlation(left: Floats, right: Floats) -> float:
    """Return Spearman's rank correlation."""
    return float(np.corrcoef(ranks(left), ranks(right))[0, 1])


def trees_tier() -> TreesTier:
    tier = corner_tiers()["ml"].tiered_model.tier_by_name["ml"]
    assert isinstance(tier, TreesTier)
    return tier


@pytest.mark.parametrize("name", TIERED_MODELS)
def test_who_is_moved_towards_churn_is_the_likelier_to_churn(name: str) -> None:
    churn = 1 - forecast(name).order_probability(tiered_model(name).layout.churn_days)
    assert rank_correlation(contributions_of(name, "churn").sum(axis=1), churn) > 0.97


@pytest.mark.parametrize("name", TIERED_MODELS)
def test_who_is_moved_towards_an_order_comes_earlier(name: str) -> None:
    order = forecast(name).order_probability(tiered_model(name).layout.churn_days)
    assert rank_correlation(contributions_of(name, "next_purchase").sum(axis=1), order) > 0.92


@pytest.mark.parametrize("name", TIERED_MODELS)
def test_who_is_moved_towards_spend_is_expected_to_spend_more(name: str) -> None:
    layout, spend = tiered_model(name).layout, forecast(name).spend
    assert spend is not None
    mean = spend.mean[:, layout.horizons.index(layout.learned[-1])]
    assert rank_correlation(contributions_of(name, "ltv").sum(axis=1), mean) > 0.9


def test_the_churn_of_trees_is_made_up_to_the_last_bit_of_what_moved_it() -> None:
    shap_values = trees_tier().churn_shap_values(buyers())
    assert contributions_of("ml", "churn") == pytest.approx(shap_values[:, :-1], abs=0)
    assert shap_values.sum(axis=1) == pytest.approx(logit(trees_tier().churn_probability(buyers())), abs=1e-9)


def test_the_pace_of_trees_is_that_of_the_periods_a_customer_still_waits_in() -> None:
    inputs, edges = buyers()[:3], trees_tier().edges
    shap_values = trees_tier().hazard_shap_values(inputs)
    hazards = sigmoid(shap_values.sum(axis=2))
    by_edge = 1 - trees_tier().order_by(inputs, edges)
    assert shap_values.shape == (3, len(edges) - 1, len(names()) + len(PERIOD_INPUTS) + 1)
    assert np.cumprod(1 - hazards, axis=1) == pytest.approx(by_edge[:, 1:], abs=1e-9)
    weight = by_edge[:, :-1] / by_edge[:, :-1].sum(axis=1, keepdims=True)
    counted = [index for index in range(shap_values.shape[2] - 1) if index not in (len(names()), len(names()) + 1)]
    of_customers = (weight[:, :, None] * shap_values[:, :, counted]).sum(axis=(1, 2))
    assert contributions_of("ml", "next_purchase", inputs).sum(axis=1) == pytest.approx(of_customers)


def test_the_silence_that_a_period_begins_with_counts_as_recency() -> None:
    shap_values = trees_tier().hazard_shap_values(buyers())
    position = names().index("recency_days")
    own = Attributions(tiered_model("ml"), names(), buyers()).fold_period_inputs(shap_values[:, 0, :-1])
    assert own[:, position] == pytest.approx(
        shap_values[:, 0, position] + shap_values[:, 0, len(names()) + PERIOD_INPUTS.index("gap_at_start")]
    )


def test_over_a_whole_population_silence_makes_nobody_early() -> None:
    today = corner_shop().rows(corner_shop().now)
    old = today.inputs[today.column("orders") >= 1]
    of_silence = [index for index, name in enumerate(names()) if name.startswith("recency")]
    silence = contributions_of("ml", "next_purchase", old[:: len(old) // 500])[:, of_silence].sum(axis=1)
    assert abs(silence.mean()) < 0.35 * np.abs(silence).mean()


def test_what_trees_make_of_btyds_answers_counts_for_the_inputs_of_those() -> None:
    heads = trees_tier().value_model
    expected = exact_attributions.spend_attributions(heads.expectation.tier, buyers(), 60)
    for shap_values in heads.shap_values(buyers()):
        own = redistribute_expectation(shap_values, expected)
        assert own.sum(axis=1) == pytest.approx(shap_values[:, :-1].sum(axis=1))
        gained = np.abs(own - shap_values[:, : len(names())]).sum(axis=0) > 0
        assert {name for name, more in zip(names(), gained, strict=True) if more} == {
            "orders_per_day", "recency_days", "mean_order",
        }  # fmt: skip


def test_a_curve_tilted_to_anothers_churn_is_moved_by_what_moves_that() -> None:
    for name in MIXED:
        assert contributions_of(name, "next_purchase") == pytest.approx(-contributions_of(name, "churn"), abs=0)
    model = tiered_model("trees tilted by cohorts")
    levels = {name: model.tier_by_model[EXPLANATIONS[name].level_model] for name in EXPLANATIONS}
    assert levels == {"churn": "cohort", "next_purchase": "cohort", "ltv": "ml"}


def used_inputs(contributions: Floats) -> set[str]:
    return {names()[index] for index in np.flatnonzero(np.abs(contributions).sum(axis=0))}


def test_the_simple_tiers_name_only_what_they_use() -> None:
    assert used_inputs(contributions_of("cohort", "churn")) == {"orders", "recency_days"}
    assert used_inputs(contributions_of("cohort", "ltv")) == {"orders", "recency_days", "mean_order"}
    assert used_inputs(contributions_of("btyd", "churn")) == {"orders_per_day", "recency_days"}
    assert used_inputs(contributions_of("btyd", "ltv")) == {"orders_per_day", "recency_days", "mean_order"}
    assert used_inputs(contributions_of("population", "churn")) == set()
    assert used_inputs(contributions_of("population", "ltv")) == {"mean_order"}


def test_nobody_asked_about_is_nobody_moved() -> None:
    for name in TIERED_MODELS:
        for answer in ("churn", "next_purchase", "ltv"):
            assert contributions_of(name, answer, buyers()[:0]).shape == (0, len(names()))


def test_a_tier_says_the_same_of_a_customer_in_any_company() -> None:
    for name in TIERED_MODELS:
        for answer in ("churn", "next_purchase", "ltv"):
            alone, among = contributions_of(name, answer, buyers()[7:8]), contributions_of(name, answer, buyers()[:20])
            assert alone[0].tolist() == pytest.approx(among[7].tolist(), abs=1e-12)
