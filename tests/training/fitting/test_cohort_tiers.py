"""Cohort tiers: rates per cell of frequency and recency, shrunken towards the overall rate, checked by hand."""

from dataclasses import replace

import numpy as np
import pytest

from features.arrays import Floats
from tests.training.by_hand import outcomes_of, rows_of
from training.dataset.outcomes import Rows
from training.dataset.plan import HorizonPlan
from training.fitting.cohort_tiers import (
    PRIOR_CUSTOMERS,
    PRIOR_ORDERS,
    fit_cohort_tier,
    fit_population_tier,
    fit_prospect_tier,
)
from training.inference.tiers.cohort import CohortTier, cohort_cells

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


def value_forecast(tier: CohortTier, inputs: Floats) -> tuple[Floats, Floats]:
    return tier.orders_and_spend(inputs, tier.order_by(inputs, np.array([30.0, 60.0])))


def expected_orders(tier: CohortTier, inputs: Floats) -> Floats:
    return value_forecast(tier, inputs)[0]


def test_a_cell_is_a_class_of_orders_by_a_class_of_recency() -> None:
    table = np.array([[1, 2.0], [1, 50], [2, 2], [4, 50], [100, 9]])
    cells = cohort_cells(table, ("orders", "recency_days"), (2.0, 5.0), (10.0,))
    assert cells.tolist() == [0, 1, 2, 3, 4]


def test_a_customer_without_a_last_order_counts_as_the_longest_silent() -> None:
    assert cohort_cells(np.array([[1, np.nan]]), ("orders", "recency_days"), (), (10.0, 90.0)).tolist() == [2]


def test_everybody_is_alike_in_the_population() -> None:
    tier = fit_population_tier(shop_rows(), PLAN)
    regular, gone = customer(12, 3), customer(1, 80)
    assert tier.order_by(regular, np.array([30.0]))[0, 0] == pytest.approx(0.5, abs=1e-6)
    assert tier.order_by(gone, np.array([30.0]))[0, 0] == pytest.approx(0.5, abs=1e-6)
    assert expected_orders(tier, gone)[0].tolist() == pytest.approx([0.5, 0.5])


def test_a_cell_is_shrunk_towards_the_whole_by_twenty_customers() -> None:
    tier = fit_cohort_tier(shop_rows(), PLAN)
    expected = (200 + PRIOR_CUSTOMERS * 0.5) / (200 + PRIOR_CUSTOMERS)
    assert expected_orders(tier, customer(12, 3))[0, 0] == pytest.approx(expected)
    assert expected_orders(tier, customer(1, 80))[0, 0] == pytest.approx(PRIOR_CUSTOMERS * 0.5 / 220)


def test_an_empty_cell_has_the_overall_rate() -> None:
    tier = fit_cohort_tier(shop_rows(), PLAN)
    assert expected_orders(tier, customer(3, 3))[0, 0] == pytest.approx(0.5)


def test_the_cohorts_separate_regulars_from_lapsed_customers() -> None:
    tier = fit_cohort_tier(shop_rows(), PLAN)
    assert tier.order_by(customer(12, 3), np.array([30.0]))[0, 0] > 0.9
    assert tier.order_by(customer(1, 80), np.array([30.0]))[0, 0] < 0.1


def test_an_order_is_worth_the_customers_own_mean_weighed_against_the_usual() -> None:
    tier = fit_population_tier(shop_rows(), PLAN)
    value = tier.own_order_value(customer(9, 3, mean_order=50.0))
    assert value[0] == pytest.approx((9 * 50 + PRIOR_ORDERS * 10) / (9 + PRIOR_ORDERS))


def test_the_total_spend_of_the_training_rows_is_matched() -> None:
    rows = shop_rows()
    rows = replace(rows, outcomes=replace(rows.outcomes, spend=1.7 * rows.outcomes.spend))
    for tier in (fit_population_tier(rows, PLAN), fit_cohort_tier(rows, PLAN)):
        total = value_forecast(tier, rows.inputs)[1].sum(axis=0)
        assert total.tolist() == pytest.approx(rows.outcomes.spend.sum(axis=0).tolist())


def test_windows_that_are_not_over_do_not_lower_the_rates() -> None:
    rows = rows_of(outcomes_of([5.0] * 50 + [NEVER] * 50, [90.0] * 50 + [20.0] * 50), mean_order=[10.0] * 100)
    assert expected_orders(fit_population_tier(rows, PLAN), customer(1, 1))[0, 0] == pytest.approx(1.0)


def prospect_tier(came: int, stayed: int) -> CohortTier:
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
        inputs = customer(1, 1)
        assert np.isfinite(tier.order_by(inputs, np.array([0.0, 30, 730]))).all()
        assert all(np.isfinite(values).all() for values in value_forecast(tier, inputs))
