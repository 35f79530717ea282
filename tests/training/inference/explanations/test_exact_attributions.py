"""Exact attributions: the tiers without trees use few inputs, and their attributions are exact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.arrays import Floats
from training.inference.btyd import BGNBD, MBGNBD, BuyTillDie, GammaGamma, GammaPoisson, ParetoNBD
from training.inference.explanations.exact_attributions import pace_attributions, spend_attributions
from training.inference.tiers.base import TierAnswer
from training.inference.tiers.btyd import BtydTier
from training.inference.tiers.population import PopulationTier

NAMES = ("orders", "order_days", "mean_order", "tenure_days", "recency_days", "orders_per_day")
POPULATION = PopulationTier(
    names=NAMES,
    learned=(30,),
    edges=(0.0, 30.0),
    hazards=(0.2,),
    orders_per_buyer=(1.5,),
    order_value=30.0,
    own_value_weight=3.0,
    scale=(1.0,),
)
BTYD = BtydTier(
    names=NAMES,
    model=ParetoNBD(r=0.6, alpha=15.0, s=0.6, beta=20.0),
    order_value=GammaGamma(p=6.0, q=4.0, gamma=15.0),
    learned=(30,),
    edges=(0.0, 30.0),
)
USUAL_ORDER = 6.0 * 15.0 / 3.0


def customer(orders: float, age: float = 100.0, silent: float = 10.0, mean_order: float = 30.0) -> Floats:
    return np.array([[orders, orders, mean_order, age, silent, orders / age]])


def contribution_of(contributions: Floats, name: str) -> float:
    return float(contributions[0, NAMES.index(name)])


def used_inputs(contributions: Floats) -> set[str]:
    return {NAMES[index] for index in np.flatnonzero(np.abs(contributions).sum(axis=0) > 1e-12)}


CUSTOMERS = np.concatenate(
    [customer(orders, silent=silent, mean_order=12.0 * orders) for orders in (1, 3, 9) for silent in (5.0, 60.0)]
)


def test_they_name_only_what_they_use() -> None:
    assert used_inputs(pace_attributions(POPULATION, CUSTOMERS, 30)) == set()
    assert used_inputs(spend_attributions(POPULATION, CUSTOMERS, 30)) == {"mean_order"}
    assert used_inputs(pace_attributions(BTYD, CUSTOMERS, 30)) == {"orders_per_day", "recency_days"}
    assert used_inputs(spend_attributions(BTYD, CUSTOMERS, 30)) == {"orders_per_day", "recency_days", "mean_order"}


def test_of_a_mean_for_all_only_the_own_value_of_an_order_sets_a_customer_apart() -> None:
    spend = POPULATION.answer(CUSTOMERS, np.array([30.0])).spend
    assert spend is not None
    moved = spend_attributions(POPULATION, CUSTOMERS, 30).sum(axis=1)
    assert moved == pytest.approx(np.log(POPULATION.own_order_value(CUSTOMERS) / 30.0))
    assert np.ptp(np.log(spend[:, 0]) - moved) < 1e-9


@pytest.mark.parametrize(
    "model",
    [
        ParetoNBD(r=0.6, alpha=15.0, s=0.6, beta=20.0),
        BGNBD(r=0.6, alpha=15.0, a=0.8, b=2.5),
        MBGNBD(r=0.6, alpha=15.0, a=0.8, b=2.5),
        GammaPoisson(r=0.6, alpha=15.0),
    ],
    ids=lambda model: model.family,
)
def test_every_model_of_lost_customers_knows_pace_and_silence(model: BuyTillDie) -> None:
    tier = replace(BTYD, model=model)
    quick, slow = customer(orders=10, silent=5), customer(orders=2, silent=5)
    gone, back = customer(orders=10, silent=60), customer(orders=10, silent=0.5)
    assert contribution_of(pace_attributions(tier, quick, 30), "orders_per_day") > contribution_of(
        pace_attributions(tier, slow, 30), "orders_per_day"
    )
    assert (
        contribution_of(pace_attributions(tier, gone, 30), "recency_days")
        < 0
        < contribution_of(pace_attributions(tier, back, 30), "recency_days")
    )
    assert (
        contribution_of(spend_attributions(tier, gone, 30), "recency_days")
        < 0
        < contribution_of(spend_attributions(tier, back, 30), "recency_days")
    )


def test_what_moves_a_history_is_all_that_sets_it_apart_from_anybodys_first_order() -> None:
    anybody = BTYD.model.order_by([0.0], [0.0], [15.0 / 0.6], [0.0, 30.0])[0, 1]
    own = BTYD.answer(CUSTOMERS, np.array([0.0, 30.0])).order_by[:, 1]
    apart = np.log(np.log1p(-own) / np.log1p(-anybody))
    assert pace_attributions(BTYD, CUSTOMERS, 30).sum(axis=1) == pytest.approx(apart, abs=0.02)


def test_of_one_order_only_the_silence_since_counts() -> None:
    once = pace_attributions(BTYD, customer(orders=1, age=40, silent=40), 30)
    assert used_inputs(once) == {"recency_days"}
    assert contribution_of(once, "recency_days") < 0


def test_a_customer_whose_orders_are_larger_than_usual_is_worth_more() -> None:
    assert (
        contribution_of(spend_attributions(BTYD, customer(orders=5, mean_order=2 * USUAL_ORDER), 30), "mean_order")
        > 0.3
    )
    assert contribution_of(
        spend_attributions(BTYD, customer(orders=5, mean_order=USUAL_ORDER), 30), "mean_order"
    ) == pytest.approx(0.0, abs=1e-9)
    assert (
        contribution_of(spend_attributions(BTYD, customer(orders=5, mean_order=USUAL_ORDER / 2), 30), "mean_order")
        < -0.3
    )


def test_without_amounts_only_orders_are_counted() -> None:
    assert "mean_order" not in used_inputs(spend_attributions(replace(BTYD, order_value=None), CUSTOMERS, 30))
    assert "mean_order" not in used_inputs(spend_attributions(replace(POPULATION, order_value=0.0), CUSTOMERS, 30))


class OtherTier:
    """Other tier: without customers it has no answers."""

    edges = (0.0, 30.0)

    def answer(self, inputs: Floats, days: Floats) -> TierAnswer:
        return TierAnswer(np.zeros((len(inputs), len(days))), np.zeros((len(inputs), 1)), None)


def test_a_tier_of_another_kind_is_rejected() -> None:
    message = r"^OtherTier has no exact attributions. Expected a BtydTier or a PopulationTier\.$"
    for attribute in (pace_attributions, spend_attributions):
        with pytest.raises(TypeError, match=message):
            attribute(OtherTier(), CUSTOMERS, 30)
