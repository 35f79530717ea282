"""Exact attributions: contributions of the inputs to the answers of BTYD and of the population, which use few."""

from __future__ import annotations

import numpy as np

from features.arrays import Floats
from training.inference.tiers.base import Tier
from training.inference.tiers.btyd import BtydTier, histories
from training.inference.tiers.population import PopulationTier

_EPSILON = 1e-9


def pace_attributions(tier: Tier, inputs: Floats, days: int) -> Floats:
    """Return attributions of the log pace of ordering within ``days``, (n, inputs); 0 where all are alike.

    Raises:
        TypeError: the tier is neither a BTYD nor a population tier.
    """
    if isinstance(tier, PopulationTier):
        return np.zeros((len(inputs), len(tier.names)))
    btyd, horizon = _require_btyd(tier), np.array([0.0, days])
    paces = (_log_pace(btyd.model.order_by(*history, horizon)[:, 1]) for history in _reference_histories(btyd, inputs))
    return _history_attributions(btyd, *paces)


def spend_attributions(tier: Tier, inputs: Floats, days: int) -> Floats:
    """Return attributions of the log of the expected amount, (n, inputs); ``days`` is the longest learned horizon.

    Raises:
        TypeError: the tier is neither a BTYD nor a population tier.
    """
    if isinstance(tier, PopulationTier):
        attributions = np.zeros((len(inputs), len(tier.names)))
        if tier.order_value and "mean_order" in tier.names:
            value = _safe_log(tier.own_order_value(inputs)) - _safe_log(tier.order_value)
            attributions[:, tier.names.index("mean_order")] = value
        return attributions
    btyd, horizon = _require_btyd(tier), np.array([0.0, days])
    reference = _reference_histories(btyd, inputs)
    orders = (_safe_log(btyd.model.expected_orders(*history, horizon)[:, 1]) for history in reference)
    attributions = _history_attributions(btyd, *orders)
    if btyd.order_value is not None:
        count, mean = (np.nan_to_num(inputs[:, btyd.names.index(name)]) for name in ("orders", "mean_order"))
        own = btyd.order_value.order_value(np.maximum(count, 1.0), np.maximum(mean, 1e-6))
        attributions[:, btyd.names.index("mean_order")] = _safe_log(own) - _safe_log(
            btyd.order_value.order_value(0.0, 0.0)
        )
    return attributions


def _history_attributions(tier: BtydTier, typical: Floats, usual: Floats, now: Floats) -> Floats:
    """Return the effect of the orders, and then of the time since the last one, on the answer, (n, inputs)."""
    attributions = np.zeros((len(now), len(tier.names)))
    attributions[:, tier.names.index("orders_per_day")] = usual - typical
    attributions[:, tier.names.index("recency_days")] = now - usual
    return attributions


def _reference_histories(tier: BtydTier, inputs: Floats) -> tuple[tuple[Floats, Floats, Floats], ...]:
    """Return three histories: a first order, the customer's orders, and the customer's orders and recency.

    The first two have the usual recency, which is the mean time between orders of a customer with such a history.
    """
    repeats, recency, age = histories(inputs, tier.names)
    zeros, day = np.zeros(len(inputs)), np.ones(1)
    usual_first_age = 1 / tier.model.orders_if_alive(zeros, zeros, day)[:, 0]
    usual_age = recency + 1 / tier.model.orders_if_alive(repeats, recency, day)[:, 0]
    return (zeros, zeros, usual_first_age), (repeats, recency, usual_age), (repeats, recency, age)


def _require_btyd(tier: Tier) -> BtydTier:
    if isinstance(tier, BtydTier):
        return tier
    raise TypeError(f"{type(tier).__name__} has no exact attributions. Expected a BtydTier or a PopulationTier.")


def _log_pace(order: Floats) -> Floats:
    """Return the log of the cumulative hazard that gives P(order)."""
    return _safe_log(-np.log1p(-np.minimum(order, 1 - _EPSILON)))


def _safe_log(amount: Floats | float) -> Floats:
    return np.asarray(np.log(np.maximum(amount, _EPSILON)))
