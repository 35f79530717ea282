"""What moved an answer adds up to the answer, on every rung, and ranks customers as the answers do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.arrays import Floats
from tests.training.shops import corner_rungs, corner_shop, kept
from training.inference.calibration import logit
from training.inference.explanations import exact_attributions
from training.inference.explanations.attributions import Contributions, _own, level
from training.inference.forecast import TIERS, Forecast
from training.inference.survival import PERIOD_INPUTS
from training.inference.tiered_model import Ladder
from training.inference.tiers.lightgbm_runtime import probability
from training.inference.tiers.trees import TreesRung

MIXED = {
    "trees bent by cohorts": {"churn": "cohort", "next_purchase": "ml", "ltv": "ml"},
    "cohorts bent by trees": {"churn": "ml", "next_purchase": "cohort", "ltv": "cohort"},
    "all three": {"churn": "ml", "next_purchase": "btyd", "ltv": "cohort"},
}
LADDERS = ("ml", "btyd", "cohort", *MIXED)


def ladder(name: str) -> Ladder:
    rungs = corner_rungs()
    if name in TIERS:
        return rungs[name].ladder
    tiers = MIXED[name]
    return replace(
        rungs[tiers["ltv"]].ladder,
        tiers=tiers,
        rungs={tier: rungs[tier].ladder.rungs[tier] for tier in tiers.values()},
        calibration=rungs[tiers["churn"]].ladder.calibration,
    )


@kept
def buyers() -> Floats:
    today = corner_shop().population()
    return today.inputs[today.column("orders") >= 1]


@kept
def names() -> tuple[str, ...]:
    return corner_shop().data.names


def moved(name: str, answer: str, inputs: Floats | None = None) -> Floats:
    return Contributions(ladder(name), names(), buyers() if inputs is None else inputs).of(answer)


@kept
def forecast(name: str) -> Forecast:
    return ladder(name).forecast(buyers(), np.ones(len(buyers())))


def ranks(numbers: Floats) -> Floats:
    return np.unique(numbers.round(9), return_inverse=True)[1].astype(float)


def together(one: Floats, other: Floats) -> float:
    """Spearman's rank correlation."""
    return float(np.corrcoef(ranks(one), ranks(other))[0, 1])


def trees() -> TreesRung:
    rung = corner_rungs()["ml"].ladder.rungs["ml"]
    assert isinstance(rung, TreesRung)
    return rung


@pytest.mark.parametrize("name", LADDERS)
def test_who_is_moved_towards_churn_is_the_likelier_to_churn(name: str) -> None:
    churn = 1 - forecast(name).within(ladder(name).shape.churn_days)
    assert together(moved(name, "churn").sum(axis=1), churn) > 0.97


@pytest.mark.parametrize("name", LADDERS)
def test_who_is_moved_towards_an_order_comes_earlier(name: str) -> None:
    order = forecast(name).within(ladder(name).shape.churn_days)
    assert together(moved(name, "next_purchase").sum(axis=1), order) > 0.92


@pytest.mark.parametrize("name", LADDERS)
def test_who_is_moved_towards_spend_is_expected_to_spend_more(name: str) -> None:
    shape, spend = ladder(name).shape, forecast(name).spend
    assert spend is not None
    mean = spend.mean[:, shape.asked.index(shape.learned[-1])]
    assert together(moved(name, "ltv").sum(axis=1), mean) > 0.9


def test_the_churn_of_trees_is_made_up_to_the_last_bit_of_what_moved_it() -> None:
    made_of = trees().churn_contributions(buyers())
    assert moved("ml", "churn") == pytest.approx(made_of[:, :-1], abs=0)
    assert made_of.sum(axis=1) == pytest.approx(logit(trees().churn(buyers())), abs=1e-9)


def test_the_pace_of_trees_is_that_of_the_periods_a_customer_still_waits_in() -> None:
    inputs, edges = buyers()[:3], trees().edges
    made_of = trees().hazard_contributions(inputs)
    hazards = probability(made_of.sum(axis=2))
    by_edge = 1 - trees().order_by(inputs, edges)
    assert made_of.shape == (3, len(edges) - 1, len(names()) + len(PERIOD_INPUTS) + 1)
    assert np.cumprod(1 - hazards, axis=1) == pytest.approx(by_edge[:, 1:], abs=1e-9)
    weight = by_edge[:, :-1] / by_edge[:, :-1].sum(axis=1, keepdims=True)
    whose = [at for at in range(made_of.shape[2] - 1) if at not in (len(names()), len(names()) + 1)]
    of_customers = (weight[:, :, None] * made_of[:, :, whose]).sum(axis=(1, 2))
    assert moved("ml", "next_purchase", inputs).sum(axis=1) == pytest.approx(of_customers)


def test_the_silence_that_a_period_begins_with_is_told_as_silence() -> None:
    made_of = trees().hazard_contributions(buyers())
    at = names().index("recency_days")
    own = Contributions(ladder("ml"), names(), buyers())._folded(made_of[:, 0, :-1])
    assert own[:, at] == pytest.approx(
        made_of[:, 0, at] + made_of[:, 0, len(names()) + PERIOD_INPUTS.index("gap_at_start")]
    )


def test_over_a_whole_population_silence_makes_nobody_early() -> None:
    today = corner_shop().rows(corner_shop().now)
    old = today.inputs[today.column("orders") >= 1]
    of_silence = [at for at, name in enumerate(names()) if name.startswith("recency")]
    silence = moved("ml", "next_purchase", old[:: len(old) // 500])[:, of_silence].sum(axis=1)
    assert abs(silence.mean()) < 0.35 * np.abs(silence).mean()


def test_what_trees_make_of_btyds_answers_is_told_as_what_those_came_from() -> None:
    heads = trees().value_heads
    expected = exact_attributions.value(heads.expectation.rung, buyers(), 60)
    for made_of in heads.contributions(buyers()):
        own = _own(made_of, expected)
        assert own.sum(axis=1) == pytest.approx(made_of[:, :-1].sum(axis=1))
        gained = np.abs(own - made_of[:, : len(names())]).sum(axis=0) > 0
        assert {name for name, more in zip(names(), gained, strict=True) if more} == {
            "orders_per_day", "recency_days", "mean_order",
        }  # fmt: skip


def test_a_curve_bent_through_anothers_churn_is_moved_by_what_moves_that() -> None:
    for name in MIXED:
        assert moved(name, "next_purchase") == pytest.approx(-moved(name, "churn"), abs=0)
    one = ladder("trees bent by cohorts")
    assert level(one, "next_purchase") is level(one, "churn") is one.rungs["cohort"]
    assert level(one, "ltv") is one.rungs["ml"]


def used(contributions: Floats) -> set[str]:
    return {names()[at] for at in np.flatnonzero(np.abs(contributions).sum(axis=0))}


def test_the_simple_rungs_name_only_what_they_use() -> None:
    assert used(moved("cohort", "churn")) == {"orders", "recency_days"}
    assert used(moved("cohort", "ltv")) == {"orders", "recency_days", "mean_order"}
    assert used(moved("btyd", "churn")) == {"orders_per_day", "recency_days"}
    assert used(moved("btyd", "ltv")) == {"orders_per_day", "recency_days", "mean_order"}
    assert used(moved("population", "churn")) == set()
    assert used(moved("population", "ltv")) == {"mean_order"}


def test_nobody_asked_about_is_nobody_moved() -> None:
    for name in LADDERS:
        for answer in ("churn", "next_purchase", "ltv"):
            assert moved(name, answer, buyers()[:0]).shape == (0, len(names()))


def test_a_rung_says_the_same_of_a_customer_in_any_company() -> None:
    for name in LADDERS:
        for answer in ("churn", "next_purchase", "ltv"):
            alone, among = moved(name, answer, buyers()[7:8]), moved(name, answer, buyers()[:20])
            assert alone[0].tolist() == pytest.approx(among[7].tolist(), abs=1e-12)
