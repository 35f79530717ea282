"""Exact attributions: the tiers without trees use few inputs, and their attributions are exact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.arrays import Floats
from training.inference.btyd import BGNBD, MBGNBD, BuyTillDie, GammaGamma, GammaPoisson, ParetoNBD
from training.inference.explanations.exact_attributions import pace_attributions, spend_attributions
from training.inference.tiers.btyd import BtydTier
from training.inference.tiers.cohort import CohortTier
from training.inference.tiers.trees import TreesTier

NAMES = ("orders", "order_days", "mean_order", "tenure_days", "recency_days", "orders_per_day")
COHORTS = CohortTier(
    names=NAMES,
    frequency=(2.0, 5.0),
    recency=(30.0,),
    edges=(0.0, 30.0),
    hazards=((0.2,), (0.05,), (0.4,), (0.1,), (0.8,), (0.3,)),
    orders_per_buyer=((1.5,), (2.0,), (1.5,), (2.0,), (2.5,), (1.7,)),
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
    buyer_scale=(1.0,),
    order_scale=(1.0,),
    spend_scale=(1.0,),
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
    assert used_inputs(pace_attributions(COHORTS, CUSTOMERS, 30)) == {"orders", "recency_days"}
    assert used_inputs(spend_attributions(COHORTS, CUSTOMERS, 30)) == {"orders", "recency_days", "mean_order"}
    assert used_inputs(pace_attributions(BTYD, CUSTOMERS, 30)) == {"orders_per_day", "recency_days"}
    assert used_inputs(spend_attributions(BTYD, CUSTOMERS, 30)) == {"orders_per_day", "recency_days", "mean_order"}


def test_what_moves_a_cohort_is_all_that_sets_it_apart_from_the_others() -> None:
    hazards = np.log(-np.log1p(-np.array(COHORTS.hazards)[:, 0]))
    assert pace_attributions(COHORTS, CUSTOMERS, 30).sum(axis=1) == pytest.approx(hazards - hazards.mean())
    orders = np.log(np.array(COHORTS.hazards)[:, 0] * np.array(COHORTS.orders_per_buyer)[:, 0])
    order_value = np.log(COHORTS.own_order_value(CUSTOMERS) / 30.0)
    assert spend_attributions(COHORTS, CUSTOMERS, 30).sum(axis=1) == pytest.approx(orders - orders.mean() + order_value)


def test_a_border_that_changes_nothing_moves_nothing() -> None:
    flat = replace(COHORTS, hazards=((0.1,), (0.1,), (0.4,), (0.4,), (0.5,), (0.5,)))
    assert used_inputs(pace_attributions(flat, CUSTOMERS, 30)) == {"orders"}


def test_borders_that_add_up_share_what_they_add() -> None:
    hazard = [[1 - np.exp(-np.exp(often + silent))] for often in (-3.0, -2.0, -1.0) for silent in (0.5, -0.5)]
    added = replace(COHORTS, hazards=tuple(tuple(cell) for cell in hazard))
    assert pace_attributions(added, CUSTOMERS, 30)[:, NAMES.index("orders")] == pytest.approx([-1, -1, 0, 0, 1, 1])
    assert pace_attributions(added, CUSTOMERS, 30)[:, NAMES.index("recency_days")] == pytest.approx([0.5, -0.5] * 3)


def test_where_all_are_in_one_cell_nothing_but_their_own_orders_moves_them() -> None:
    population = replace(COHORTS, frequency=(), recency=(), hazards=((0.2,),), orders_per_buyer=((2.0,),))
    assert used_inputs(pace_attributions(population, CUSTOMERS, 30)) == set()
    assert used_inputs(spend_attributions(population, CUSTOMERS, 30)) == {"mean_order"}


def test_a_cell_in_which_nobody_came_back_is_no_infinity() -> None:
    never = replace(COHORTS, hazards=((0.0,), *COHORTS.hazards[1:]))
    assert np.isfinite(pace_attributions(never, CUSTOMERS, 30)).all()
    assert np.isfinite(spend_attributions(never, CUSTOMERS, 30)).all()


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
    own = BTYD.order_by(CUSTOMERS, np.array([0.0, 30.0]))[:, 1]
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
    assert "mean_order" not in used_inputs(spend_attributions(replace(COHORTS, order_value=0.0), CUSTOMERS, 30))


def test_a_tier_of_another_kind_is_rejected() -> None:
    message = r"^TreesTier has no exact attributions. Expected a BtydTier or a CohortTier\.$"
    with pytest.raises(TypeError, match=message):
        pace_attributions(TreesTier({}, NAMES, ()), CUSTOMERS, 30)
    with pytest.raises(TypeError, match=message):
        spend_attributions(TreesTier({}, NAMES, ()), CUSTOMERS, 30)
