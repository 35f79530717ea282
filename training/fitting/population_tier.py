"""Population tier fitting: the hazard of the next order, orders per buyer and order value of all customers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from features.arrays import Floats
from training.dataset.outcomes import Rows
from training.dataset.person_periods import period_edges, person_periods
from training.dataset.plan import HorizonPlan
from training.inference.tiers.population import PopulationTier

PRIOR_ORDERS = 3.0
PROSPECT_PRIOR_CUSTOMERS = 5.0
PROSPECT_PRIOR_SHARE = 0.1  # of the buyers' hazards


def fit_population_tier(rows: Rows, plan: HorizonPlan) -> PopulationTier:
    """Fit the mean outcomes of customers with an order.

    Args:
        rows: customers with an order, at every cutoff.
        plan: the horizons in days.
    """
    edges = period_edges(rows.outcomes, plan)
    nothing, once = np.zeros(len(edges) - 1), np.ones(len(plan.learned))
    tier = PopulationTier(
        rows.names,
        plan.learned,
        tuple(edges.tolist()),
        tuple(_hazards(rows, edges, nothing, weight=1e-9).tolist()),
        tuple(_orders_per_buyer(rows, plan, once, weight=1e-9).tolist()),
        _mean_order_value(rows),
        PRIOR_ORDERS,
        (1.0,) * len(plan.learned),
    )
    return replace(tier, scale=_spend_scale(rows, plan, tier)) if plan.has_amounts else tier


def fit_prospect_tier(rows: Rows, buyers: PopulationTier, plan: HorizonPlan) -> PopulationTier:
    """Fit the tier of customers without an order; its prior is a tenth of the buyers' hazards, worth 5 customers.

    Args:
        rows: customers without an order, at every cutoff.
        buyers: the population tier of customers with an order.
        plan: the horizons in days.
    """
    prior, prior_orders = np.asarray(buyers.hazards) * PROSPECT_PRIOR_SHARE, np.asarray(buyers.orders_per_buyer)
    hazards = _hazards(rows, np.asarray(buyers.edges), prior, PROSPECT_PRIOR_CUSTOMERS)
    orders = _orders_per_buyer(rows, plan, prior_orders, PROSPECT_PRIOR_CUSTOMERS)
    return replace(
        buyers, hazards=tuple(hazards.tolist()), orders_per_buyer=tuple(orders.tolist()), own_value_weight=1.0
    )


def _hazards(rows: Rows, edges: Floats, prior: Floats, weight: float) -> Floats:
    """P(order in each period, given none before), (periods,), with a prior worth ``weight`` customers."""
    _, period, came = person_periods(rows.outcomes, edges)
    entered = np.bincount(period, minlength=len(edges) - 1)
    ordered = np.bincount(period, weights=came, minlength=len(edges) - 1)
    return np.asarray((ordered + weight * prior) / np.maximum(entered + weight, 1e-9))


def _orders_per_buyer(rows: Rows, plan: HorizonPlan, prior: Floats, weight: float) -> Floats:
    """Mean orders of customers with an order within each learned horizon, (learned,)."""
    means = []
    for position, days in enumerate(plan.learned):
        orders = rows.outcomes.orders_within(days)
        came = orders[orders > 0]
        means.append((float(came.sum()) + weight * float(prior[position])) / max(len(came) + weight, 1e-9))
    return np.array(means)


def _mean_order_value(rows: Rows) -> float:
    if "mean_order" not in rows.names:
        return 0.0
    orders = rows.column("orders")
    return float(np.nansum(rows.column("mean_order") * orders) / max(np.nansum(orders), 1.0))


def _spend_scale(rows: Rows, plan: HorizonPlan, tier: PopulationTier) -> tuple[float, ...]:
    predicted, scales = tier.answer(rows.inputs, np.zeros(1)).spend, []
    for position, days in enumerate(plan.learned):
        actual = rows.outcomes.spend_within(days)
        observed = ~np.isnan(actual)
        total = 0.0 if predicted is None else float(predicted[observed, position].sum())
        scales.append(float(actual[observed].sum()) / total if total > 0 else 1.0)
    return tuple(scales)
