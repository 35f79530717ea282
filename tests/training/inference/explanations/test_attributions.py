"""Attributions: they add up to the answer on every tier, and they rank customers as the answers do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.arrays import Floats
from tests.training.shops import FITTED_TIERS, cached_for_session, corner_shop, corner_tiers
from training.inference.average.average_tier import AverageTier, LongTenure
from training.inference.explanations.attributions import Attributions, redistribute
from training.inference.forecast import Forecast
from training.inference.log_odds import logit
from training.inference.tiered_model import TieredModel
from training.models import EXPLANATIONS

pytestmark = pytest.mark.slow

RANKING_TIERS = ("average", "btyd")


def tiered_model(name: str) -> TieredModel:
    return corner_tiers()[name].tiered_model


@cached_for_session
def buyers() -> Floats:
    today = corner_shop().population()
    return today.inputs[today.column("orders") >= 1]


@cached_for_session
def names() -> tuple[str, ...]:
    return corner_shop().data.names


def contributions_of(model: TieredModel | str, answer: str, inputs: Floats | None = None) -> Floats:
    asked = tiered_model(model) if isinstance(model, str) else model
    return EXPLANATIONS[answer].attribute(Attributions(asked, buyers() if inputs is None else inputs))


@cached_for_session
def forecast(name: str) -> Forecast:
    return tiered_model(name).forecast(buyers(), np.ones(len(buyers())))


def ranks(numbers: Floats) -> Floats:
    return np.unique(numbers.round(9), return_inverse=True)[1].astype(float)


def rank_correlation(left: Floats, right: Floats) -> float:
    """Return Spearman's rank correlation."""
    return float(np.corrcoef(ranks(left), ranks(right))[0, 1])


def differ_by_a_constant(left: Floats, right: Floats) -> bool:
    return bool(np.ptp(left - right) < 1e-6)


def test_churn_and_next_purchase_of_the_average_are_made_up_of_what_moved_them() -> None:
    churn, order = (contributions_of("average", answer).sum(axis=1) for answer in ("churn", "next_purchase"))
    scores = logit(forecast("average").order_probability(60))
    usual = np.abs(scores) < 7  # beyond, rounding of the probability shows
    assert differ_by_a_constant(order[usual], scores[usual])
    assert differ_by_a_constant(churn[usual], -scores[usual])
    assert np.ptp(scores[usual]) > 3


@pytest.mark.parametrize("long_tenure", [None, LongTenure(100.0, 0.4)])
def test_the_spend_of_the_average_is_made_up_of_what_moved_it(long_tenure: LongTenure | None) -> None:
    model = tiered_model("average")
    assert isinstance(model.tier, AverageTier)
    tier = replace(model.tier, long_tenure=long_tenure)
    spend = tier.answer(buyers(), np.zeros(1)).spend
    assert spend is not None
    attributions = contributions_of(replace(model, tier=tier), "ltv").sum(axis=1)
    old = buyers()[:, names().index("tenure_days")] > 100
    for group in (old, ~old) if long_tenure else (np.ones(len(old), bool),):
        assert differ_by_a_constant(attributions[group], np.log(spend[group, -1]))


def test_without_amounts_the_expected_orders_are_made_up_of_what_moved_them() -> None:
    model = tiered_model("average")
    assert isinstance(model.tier, AverageTier)
    counting = replace(model.tier, spend=None)
    orders = counting.answer(buyers(), np.zeros(1)).orders[:, -1]
    attributions = contributions_of(replace(model, tier=counting), "ltv").sum(axis=1)
    assert differ_by_a_constant(attributions, np.log(orders))


@pytest.mark.parametrize("name", RANKING_TIERS)
def test_who_is_moved_towards_churn_is_the_likelier_to_churn(name: str) -> None:
    churn = 1 - forecast(name).order_probability(60)
    assert rank_correlation(contributions_of(name, "churn").sum(axis=1), churn) > 0.97


@pytest.mark.parametrize("name", RANKING_TIERS)
def test_who_is_moved_towards_spend_is_expected_to_spend_more(name: str) -> None:
    layout, spend = tiered_model(name).layout, forecast(name).spend
    assert spend is not None
    mean = spend.mean[:, layout.horizons.index(layout.learned[-1])]
    assert rank_correlation(contributions_of(name, "ltv").sum(axis=1), mean) > 0.9


def used_inputs(contributions: Floats) -> set[str]:
    return {names()[index] for index in np.flatnonzero(np.abs(contributions).sum(axis=0))}


def test_the_simple_tiers_name_only_what_they_use() -> None:
    assert used_inputs(contributions_of("btyd", "churn")) == {"orders_per_day", "recency_days"}
    assert used_inputs(contributions_of("btyd", "ltv")) == {"orders_per_day", "recency_days", "mean_order"}
    assert used_inputs(contributions_of("population", "churn")) == set()
    assert used_inputs(contributions_of("population", "ltv")) == {"mean_order"}


TERMS = arrays(float, (3, 5), elements=st.floats(-10, 10))
SHARES = arrays(float, (3, 4), elements=st.one_of(st.just(0.0), st.floats(-10, -1e-3), st.floats(1e-3, 10)))


@given(TERMS, SHARES)
def test_what_btyd_adds_is_split_among_the_inputs_that_moved_it(terms: Floats, shares: Floats) -> None:
    split, own = redistribute(terms, shares), terms[:, :-1]
    has_share = np.abs(shares).sum(axis=1) > 0
    assert split[has_share].sum(axis=1) == pytest.approx(terms[has_share].sum(axis=1))
    assert np.array_equal(split[shares == 0], own[shares == 0])
    gained = (split - own) * np.sign(terms[:, -1:])
    assert (gained >= -1e-12).all()


def test_nobody_asked_about_is_nobody_moved() -> None:
    for name in FITTED_TIERS:
        for answer in ("churn", "next_purchase", "ltv"):
            assert contributions_of(name, answer, buyers()[:0]).shape == (0, len(names()))


def test_a_tier_says_the_same_of_a_customer_in_any_company() -> None:
    for name in FITTED_TIERS:
        for answer in ("churn", "next_purchase", "ltv"):
            alone, among = contributions_of(name, answer, buyers()[7:8]), contributions_of(name, answer, buyers()[:20])
            assert alone[0].tolist() == pytest.approx(among[7].tolist(), abs=1e-12)
