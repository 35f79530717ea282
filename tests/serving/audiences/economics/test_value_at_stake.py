"""Value at stake: expected margin, costs, the curve over cut-offs and what the budget allows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serving.audiences.query.scores_table import Columns
from tests.serving.audiences.economics.campaigns import economics_of
from tests.serving.audiences.shop import TYPES, count_audience, customers, small_table
from tests.serving.audiences.tables import columns

BEST_FIRST = {"column": "ltv_90d_mean", "descending": True}
HOLDOUT = {"share": 0.5, "name": "autumn"}
# 59 customers with an expected spend of 0, 3, 6, ... 174 and 1.5 orders each within 90 days, and one without values.
REVENUE, ORDERS = 3.0 * sum(range(59)), 1.5 * 59


@pytest.fixture
def shop(tmp_path: Path) -> Columns:
    return small_table(tmp_path)


def test_the_value_at_stake_is_the_margin_of_the_expected_revenue_with_its_range(shop: Columns) -> None:
    answer = count_audience(shop, economics={"margin": 0.3}).answer
    economics, revenue = answer.economics, answer.expected_revenue
    assert economics is not None
    assert revenue is not None
    assert revenue.interval is not None
    assert economics.value_at_stake is not None
    value, low, high = economics.value_at_stake.model_dump().values()
    assert value == pytest.approx(0.3 * REVENUE)
    assert (low, high) == (pytest.approx(0.3 * revenue.interval.p10), pytest.approx(0.3 * revenue.interval.p90))
    assert economics.margin_per_order == pytest.approx(0.3 * REVENUE / ORDERS)
    assert (economics.contacted, economics.horizon_days) == (60, 90)


def test_predictions_alone_are_no_basis_of_profit(shop: Columns) -> None:
    economics = economics_of(shop, {"margin": 0.3, "contact_cost": 0.1})
    assert (economics.profit_basis, economics.reason) == ("none", "no_experiment")
    assert (economics.profit, economics.incremental_margin, economics.incremental_orders) == (None, None, None)
    assert all(cut_off.profit is None for cut_off in economics.curve)
    assert economics.detail == (
        "Found no experiment in the request; expected one with this kind of offer. Predictions tell who is likely to "
        "leave, not whom an offer keeps: hold some out at random and measure (`flywheel experiment`), or send "
        "assumed_uplift."
    )


@pytest.mark.parametrize("offer_paid", ["on_order", "on_contact"])
def test_people_held_out_cost_nothing_and_are_not_counted(shop: Columns, offer_paid: str) -> None:
    prices = {"margin": 0.3, "contact_cost": 1.0, "offer_cost": 2.0, "offer_paid": offer_paid}
    audience = count_audience(shop, economics=prices, holdout=HOLDOUT)
    economics, rows = audience.answer.economics, audience.members().to_pylist()
    assert economics is not None
    contacted = [int(row["customer_id"]) for row in rows if not row["holdout"]]
    known = [number for number in contacted if number < 59]
    churners = sum(number / 60 for number in known)
    assert economics.contacted == len(contacted) < 60
    assert economics.contact_cost == len(contacted)
    expected_offers = len(contacted) if offer_paid == "on_contact" else len(known) - churners
    assert economics.offer_cost == pytest.approx(2.0 * expected_offers)
    assert economics.cost == economics.contact_cost + economics.offer_cost
    assert economics.expected_orders == pytest.approx(1.5 * len(known))


def test_people_without_consent_are_in_no_figure(shop: Columns) -> None:
    economics = economics_of(shop, {"margin": 1.0, "contact_cost": 1.0}, refused=["058"])
    assert (economics.contacted, economics.cost) == (59, 59.0)
    assert economics.curve[-1].value_at_stake == pytest.approx(REVENUE - 174)


def test_the_curve_follows_the_order_of_the_audience_to_the_last_person(shop: Columns) -> None:
    economics = economics_of(shop, {"margin": 0.5, "contact_cost": 2.0}, order_by=BEST_FIRST)
    spend = 3.0 * np.arange(58, -1, -1)
    assert len(economics.curve) == 50
    for cut_off in economics.curve:
        assert cut_off.value_at_stake == pytest.approx(0.5 * spend[: cut_off.contacted].sum())
        assert (cut_off.contact_cost, cut_off.limit) == (2.0 * cut_off.contacted, cut_off.contacted)
    assert economics.curve[-1].contacted == 60
    marginal = [cut_off.marginal_value for cut_off in economics.curve if cut_off.marginal_value is not None]
    assert marginal == sorted(marginal, reverse=True)


def test_marginal_figures_are_of_the_people_added_since_the_cut_off_before(shop: Columns) -> None:
    prices = {"margin": 0.5, "contact_cost": 2.0}
    first, second = economics_of(shop, prices, order_by=BEST_FIRST, smallest_audience=30).curve
    assert (first.contacted, second.contacted) == (30, 60)
    added = 0.5 * 3.0 * sum(range(29))
    assert second.marginal_value == pytest.approx(added / 30)
    assert second.marginal_break_even == pytest.approx(60.0 / added)


def test_the_limit_of_a_cut_off_selects_the_same_people(shop: Columns) -> None:
    body: dict[str, Any] = {"holdout": HOLDOUT, "order_by": BEST_FIRST}
    cut_off = economics_of(shop, {"margin": 0.5, "contact_cost": 2.0}, **body).curve[7]
    limited = economics_of(shop, {"margin": 0.5, "contact_cost": 2.0}, limit=cut_off.limit, **body)
    assert limited.contacted == cut_off.contacted
    assert limited.curve[-1].value_at_stake == pytest.approx(cut_off.value_at_stake)


def test_the_budget_pays_for_the_first_people_in_order(shop: Columns) -> None:
    prices = {"margin": 0.5, "contact_cost": 1.0, "offer_cost": 0.5, "offer_paid": "on_contact", "budget": 31.4}
    cut_off = economics_of(shop, prices, order_by=BEST_FIRST).within_budget
    assert cut_off is not None
    assert (cut_off.contacted, cut_off.contact_cost, cut_off.offer_cost) == (20, 20.0, 10.0)
    assert cut_off.value_at_stake == pytest.approx(0.5 * 3.0 * sum(range(39, 59)))


def test_the_budget_counts_the_offers_that_are_expected_to_be_used(shop: Columns) -> None:
    prices = {"margin": 0.5, "offer_cost": 1.0, "budget": 10.0}
    cut_off = economics_of(shop, prices).within_budget
    used = np.cumsum(1 - np.arange(59) / 60)
    assert cut_off is not None
    assert cut_off.contacted == np.count_nonzero(used <= 10.0)
    assert cut_off.offer_cost == pytest.approx(used[cut_off.contacted - 1])


@pytest.mark.parametrize(("budget", "contacted"), [(1_000.0, 60), (60.0, 60), (59.9, 59), (0.5, None)])
def test_a_budget_pays_for_everybody_at_most_and_for_nobody_where_it_is_too_small(
    shop: Columns, budget: float, contacted: int | None
) -> None:
    cut_off = economics_of(shop, {"margin": 0.5, "contact_cost": 1.0, "budget": budget}).within_budget
    assert (None if cut_off is None else cut_off.contacted) == contacted


def test_a_budget_of_exactly_the_cost_pays_for_all_of_it(shop: Columns) -> None:
    cut_off = economics_of(shop, {"margin": 0.5, "contact_cost": 0.1, "budget": 0.3}).within_budget
    assert cut_off is not None
    assert cut_off.contacted == 3


def test_no_cut_off_is_told_of_fewer_people_than_the_smallest_audience(shop: Columns) -> None:
    prices = {"margin": 0.5, "contact_cost": 1.0, "budget": 9.0}
    economics = economics_of(shop, prices, smallest_audience=10)
    assert np.diff([0, *(cut_off.contacted for cut_off in economics.curve)]).min() >= 10
    assert economics.within_budget is None
    assert economics_of(shop, prices).within_budget is not None


def test_fewer_people_to_contact_than_the_smallest_audience_have_no_economics(shop: Columns) -> None:
    margin = {"margin": 0.5}
    audience = count_audience(shop, smallest_audience=10, economics=margin, limit=12, holdout=HOLDOUT)
    assert (audience.answer.count, audience.answer.economics) == (12, None)
    assert count_audience(shop, smallest_audience=10, economics=margin, limit=9).answer.economics is None
    assert count_audience(shop, smallest_audience=10, economics=margin, limit=10).answer.economics is not None


def test_nobody_to_contact_costs_nothing(shop: Columns) -> None:
    nobody = {"column": "value_tier", "equals": "none"}
    prices = {"margin": 0.5, "contact_cost": 1.0, "offer_cost": 1.0, "budget": 9.0, "assumed_uplift": 0.1}
    economics = economics_of(shop, prices, filter=nobody)
    assert (economics.contacted, economics.cost, economics.curve, economics.within_budget) == (0, 0.0, [], None)


def test_a_log_without_amounts_has_costs_and_no_money_to_expect(tmp_path: Path) -> None:
    rows = [{**row, "ltv_30d_mean": None, "ltv_90d_mean": None} for row in customers(60)]
    prices = {"margin": 0.5, "contact_cost": 1.0, "assumed_uplift": 0.1}
    economics = economics_of(columns(tmp_path, rows, TYPES), prices)
    assert (economics.value_at_stake, economics.profit, economics.reason) == (None, None, "no_amounts")
    assert economics.cost == 60.0
    assert economics.expected_orders == pytest.approx(ORDERS)


def test_an_offer_dearer_than_the_margin_of_an_order_never_breaks_even(shop: Columns) -> None:
    assert economics_of(shop, {"margin": 0.3, "offer_cost": 1_000.0}).break_even_orders is None


@pytest.mark.parametrize("offer_paid", ["on_order", "on_contact"])
def test_at_the_break_even_a_campaign_brings_what_it_costs(shop: Columns, offer_paid: str) -> None:
    prices = {"margin": 0.3, "contact_cost": 0.1, "offer_cost": 0.2, "offer_paid": offer_paid}
    # Those who are almost sure to order, or to leave, are left out: an offer is used once at most.
    body: dict[str, Any] = {"filter": {"column": "churn_probability", "at_least": 0.3}}
    break_even = economics_of(shop, prices, **body).break_even_orders
    profit = economics_of(shop, {**prices, "assumed_uplift": break_even}, **body).profit
    assert profit is not None
    assert profit.value == pytest.approx(0.0, abs=1e-9)
