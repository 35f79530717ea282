"""Cohort tiers: order rates per cohort of similar customers, shrunken towards the rates of all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from features.arrays import Floats, Integers
from training.dataset.outcomes import Rows
from training.dataset.person_periods import period_edges, person_periods
from training.dataset.plan import HorizonPlan
from training.inference.tiers.cohort import CohortTier, cohort_cells

FREQUENCY_EDGES = (2.0, 3.0, 5.0, 10.0)
RECENCY_CLASSES = 4
PRIOR_CUSTOMERS = 20.0
PRIOR_ORDERS = 3.0


def fit_cohort_tier(rows: Rows, plan: HorizonPlan) -> CohortTier:
    """Fit the cohort tier: cells of order count by quartile of recency."""
    quarters = np.quantile(rows.column("recency_days"), np.linspace(0, 1, RECENCY_CLASSES + 1)[1:-1])
    return _fit_cells(rows, plan, FREQUENCY_EDGES, tuple(np.unique(quarters).tolist()))


def fit_population_tier(rows: Rows, plan: HorizonPlan) -> CohortTier:
    """Fit the population tier: one cell for all customers."""
    return _fit_cells(rows, plan, (), ())


def fit_prospect_tier(rows: Rows, buyers: CohortTier, plan: HorizonPlan) -> CohortTier:
    """Fit the tier of customers without an order; its prior is a tenth of the buyers' hazards, worth 5 customers.

    Args:
        rows: customers without an order, at every cutoff.
        buyers: the population tier of customers with an order.
        plan: the horizons in days.
    """
    edges = np.asarray(buyers.edges)
    prior = np.asarray(buyers.hazards) * 0.1
    hazards = _cell_hazards(rows, np.zeros(len(rows), dtype=np.int64), edges, prior, 1, weight=5.0)
    prior_orders = np.asarray(buyers.orders_per_buyer)[0]
    orders = _orders_per_buyer(rows, np.zeros(len(rows), dtype=np.int64), prior_orders, plan, 1, weight=5.0)
    return CohortTier(
        buyers.names,
        (),
        (),
        buyers.edges,
        _as_tuples(hazards),
        _as_tuples(orders),
        buyers.order_value,
        1.0,
        buyers.scale,
    )


def _fit_cells(rows: Rows, plan: HorizonPlan, frequency: Sequence[float], recency: Sequence[float]) -> CohortTier:
    edges = period_edges(rows.outcomes, plan)
    cell = cohort_cells(rows.inputs, rows.names, frequency, recency)
    count = (len(frequency) + 1) * (len(recency) + 1)
    single_cell = np.zeros(len(rows), dtype=np.int64)
    whole = _cell_hazards(rows, single_cell, edges, np.zeros((1, len(edges) - 1)), 1, weight=1e-9)
    hazards = _cell_hazards(rows, cell, edges, whole, count, PRIOR_CUSTOMERS)
    overall_orders = _orders_per_buyer(rows, single_cell, np.ones(len(plan.learned)), plan, 1, weight=1e-9)
    orders = _orders_per_buyer(rows, cell, overall_orders[0], plan, count, PRIOR_CUSTOMERS)
    tier = CohortTier(
        rows.names, tuple(frequency), tuple(recency), tuple(edges.tolist()), _as_tuples(hazards), _as_tuples(orders),
        _mean_order_value(rows), PRIOR_ORDERS, (1.0,) * len(plan.learned),
    )  # fmt: skip
    return CohortTier(**{**vars(tier), "scale": _spend_scale(rows, plan, tier)})


def _cell_hazards(rows: Rows, cell: Integers, edges: Floats, prior: Floats, count: int, weight: float) -> Floats:
    row, period, came = person_periods(rows.outcomes, edges)
    index = cell[row] * (len(edges) - 1) + period
    size = count * (len(edges) - 1)
    entered = np.bincount(index, minlength=size).reshape(count, -1)
    ordered = np.bincount(index, weights=came, minlength=size).reshape(count, -1)
    return np.asarray((ordered + weight * prior) / np.maximum(entered + weight, 1e-9))


def _orders_per_buyer(
    rows: Rows, cell: Integers, prior: Floats, plan: HorizonPlan, count: int, weight: float
) -> Floats:
    """Mean orders of customers with an order within each learned horizon, (cells, learned)."""
    columns = []
    for position, days in enumerate(plan.learned):
        orders = rows.outcomes.orders_within(days)
        came = orders > 0
        total = np.bincount(cell[came], weights=orders[came], minlength=count)
        number = np.bincount(cell[came], minlength=count)
        columns.append((total + weight * prior[position]) / np.maximum(number + weight, 1e-9))
    return np.column_stack(columns)


def _mean_order_value(rows: Rows) -> float:
    if "mean_order" not in rows.names:
        return 0.0
    orders = rows.column("orders")
    return float(np.nansum(rows.column("mean_order") * orders) / max(np.nansum(orders), 1.0))


def _spend_scale(rows: Rows, plan: HorizonPlan, tier: CohortTier) -> tuple[float, ...]:
    if not plan.has_amounts:
        return tier.scale
    within = tier.order_by(rows.inputs, np.asarray(plan.learned, dtype=float))
    _, predicted = tier.orders_and_spend(rows.inputs, within)
    scales = []
    for position, days in enumerate(plan.learned):
        actual = rows.outcomes.spend_within(days)
        observed = ~np.isnan(actual)
        total = float(predicted[observed, position].sum())
        scales.append(float(actual[observed].sum()) / total if total > 0 else 1.0)
    return tuple(scales)


def _as_tuples(table: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in table.tolist())
