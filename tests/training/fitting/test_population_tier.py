"""Population tier: the mean outcomes of all customers, and those of customers without an order, checked by hand."""

from dataclasses import replace

import numpy as np
import pytest

from features.arrays import Floats
from tests.training.by_hand import outcomes_of, rows_of
from training.dataset.outcomes import Rows
from training.dataset.plan import HorizonPlan
from training.fitting.population_tier import PRIOR_ORDERS, fit_population_tier, fit_prospect_tier
from training.inference.tiers.population import PopulationTier

NEVER = float("inf")
PLAN = HorizonPlan(churn_days=30, horizons=(30, 60), learned=(30, 60), has_amounts=True)


def shop_rows() -> Rows:
    """200 regular customers who order after 5 days, and 200 one-time buyers of long ago who do not."""
    half = [1.0] * 200
    return rows_of(
        outcomes_of([5.0] * 200 + [NEVER] * 200, [90.0] * 400),
        orders=[12.0] * 200 + half,
        recency_days=[3.0] * 200 + [80.0] * 200,
        mean_order=[10.0] * 400,
    )


def customer(orders: float, recency: float, mean_order: float = 10.0) -> Floats:
    rows = rows_of(outcomes_of([1.0], [90.0]), orders=[orders], recency_days=[recency], mean_order=[mean_order])
    return rows.inputs


def p_order(tier: PopulationTier, inputs: Floats, days: float) -> float:
    return float(tier.answer(inputs, np.array([days])).order_by[0, 0])


def expected_orders(tier: PopulationTier, inputs: Floats) -> Floats:
    return tier.answer(inputs, np.zeros(1)).orders


def test_everybody_is_alike_in_the_population() -> None:
    tier = fit_population_tier(shop_rows(), PLAN)
    regular, gone = customer(12, 3), customer(1, 80)
    assert p_order(tier, regular, 30) == pytest.approx(0.5, abs=1e-6)
    assert p_order(tier, gone, 30) == pytest.approx(0.5, abs=1e-6)
    assert expected_orders(tier, gone)[0].tolist() == pytest.approx([0.5, 0.5])


def test_an_order_is_worth_the_customers_own_mean_weighed_against_the_usual() -> None:
    tier = fit_population_tier(shop_rows(), PLAN)
    value = tier.own_order_value(customer(9, 3, mean_order=50.0))
    assert value[0] == pytest.approx((9 * 50 + PRIOR_ORDERS * 10) / (9 + PRIOR_ORDERS))


def test_the_total_spend_of_the_training_rows_is_matched() -> None:
    rows = shop_rows()
    rows = replace(rows, outcomes=replace(rows.outcomes, spend=1.7 * rows.outcomes.spend))
    spend = fit_population_tier(rows, PLAN).answer(rows.inputs, np.zeros(1)).spend
    assert spend is not None
    assert spend.sum(axis=0).tolist() == pytest.approx(rows.outcomes.spend.sum(axis=0).tolist())


def test_windows_that_are_not_over_do_not_lower_the_rates() -> None:
    rows = rows_of(outcomes_of([5.0] * 50 + [NEVER] * 50, [90.0] * 50 + [20.0] * 50), mean_order=[10.0] * 100)
    assert expected_orders(fit_population_tier(rows, PLAN), customer(1, 1))[0, 0] == pytest.approx(1.0)


def prospect_tier(came: int, stayed: int) -> PopulationTier:
    prospects = rows_of(
        outcomes_of([5.0] * came + [NEVER] * stayed, [90.0] * (came + stayed)), mean_order=[0.0] * (came + stayed)
    )
    return fit_prospect_tier(prospects, fit_population_tier(shop_rows(), PLAN), PLAN)


def test_with_no_prospect_seen_one_in_ten_is_taken_for_a_buyer() -> None:
    buyers = fit_population_tier(shop_rows(), PLAN)
    assert np.asarray(prospect_tier(0, 0).hazards) == pytest.approx(0.1 * np.asarray(buyers.hazards))
    assert np.asarray(prospect_tier(0, 0).orders_per_buyer) == pytest.approx(np.asarray(buyers.orders_per_buyer))


def test_many_prospects_outweigh_the_prior() -> None:
    assert expected_orders(prospect_tier(400, 600), customer(0, np.nan))[0, 0] == pytest.approx(0.4, abs=0.01)


def test_a_prospect_spends_as_much_an_order_as_others() -> None:
    tier = prospect_tier(0, 100)
    assert tier.own_order_value(customer(0, np.nan, np.nan))[0] == pytest.approx(10.0)


NO_WINDOW_OVER = rows_of(outcomes_of([2.0, NEVER, NEVER], [9.0, 4.0, 1.0]), mean_order=[10.0] * 3)
NO_ROWS = NO_WINDOW_OVER.select(np.zeros(3, dtype=bool))


@pytest.mark.parametrize("rows", [NO_WINDOW_OVER, NO_ROWS], ids=["no window over", "no rows"])
@pytest.mark.parametrize("has_amounts", [True, False])
def test_a_shop_with_nothing_finished_is_answered_without_nan(rows: Rows, has_amounts: bool) -> None:
    plan = HorizonPlan(30, (30, 60), (30, 60), has_amounts)
    population = fit_population_tier(rows, plan)
    for tier in (population, fit_prospect_tier(NO_ROWS, population, plan)):
        answer = tier.answer(customer(1, 1), np.array([0.0, 30, 730]))
        assert answer.spend is not None
        assert all(np.isfinite(values).all() for values in (answer.order_by, answer.orders, answer.spend))
