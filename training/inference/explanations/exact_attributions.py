"""How far did each input move the answers of the simple rungs? They use so few that it can be said exactly."""

from __future__ import annotations

import numpy as np

from features.arrays import Floats
from training.inference.survival import survival_curve
from training.inference.tiers.base import Tier
from training.inference.tiers.btyd import BtydTier, histories
from training.inference.tiers.cohort import CohortTier

_EPSILON = 1e-9


def pace_attributions(tier: Tier, inputs: Floats, days: int) -> Floats:
    """What moved the log pace of ordering over so many days, (n, inputs)."""
    horizon = np.array([0.0, days])
    if isinstance(tier, CohortTier):
        within = survival_curve(np.asarray(tier.hazards), np.asarray(tier.edges), horizon)[:, 1]
        return _cell_attributions(tier, inputs, _log_pace(within))
    btyd = _require_btyd(tier)
    return _history_attributions(
        btyd, *(_log_pace(btyd.model.order_by(*one, horizon)[:, 1]) for one in _reference_histories(btyd, inputs))
    )


def spend_attributions(tier: Tier, inputs: Floats, days: int) -> Floats:
    """What moved the log of the amount expected within the longest learned horizon, so many days, (n, inputs)."""
    horizon = np.array([0.0, days])
    if isinstance(tier, CohortTier):
        within = survival_curve(np.asarray(tier.hazards), np.asarray(tier.edges), horizon)[:, 1]
        moved = _cell_attributions(tier, inputs, _safe_log(within * np.asarray(tier.orders_of_comers)[:, -1]))
        if tier.order_value and "mean_order" in tier.names:
            moved[:, tier.names.index("mean_order")] += _safe_log(tier.own_order_value(inputs)) - _safe_log(
                tier.order_value
            )
        return moved
    btyd = _require_btyd(tier)
    orders = (_safe_log(btyd.model.expected_orders(*one, horizon)[:, 1]) for one in _reference_histories(btyd, inputs))
    moved = _history_attributions(btyd, *orders)
    if btyd.order_value is not None:
        count, mean = (np.nan_to_num(inputs[:, btyd.names.index(name)]) for name in ("orders", "mean_order"))
        own = btyd.order_value.order_value(np.maximum(count, 1.0), np.maximum(mean, 1e-6))
        moved[:, btyd.names.index("mean_order")] = _safe_log(own) - _safe_log(btyd.order_value.order_value(0.0, 0.0))
    return moved


def _cell_attributions(tier: CohortTier, inputs: Floats, cell_values: Floats) -> Floats:
    """Shapley's shares of order count and recency in what a cell says, (n, inputs), against the mean of all cells."""
    table = cell_values.reshape(len(tier.frequency) + 1, len(tier.recency) + 1)
    often, silent = table.mean(axis=1, keepdims=True), table.mean(axis=0, keepdims=True)
    moved, cell = np.zeros((len(inputs), len(tier.names))), tier.cells(inputs)
    shares = {"orders": table - silent + often - table.mean(), "recency_days": table - often + silent - table.mean()}
    for name, share in shares.items():
        moved[:, tier.names.index(name)] = share.ravel()[cell] / 2
    return moved


def _history_attributions(tier: BtydTier, typical: Floats, usual: Floats, now: Floats) -> Floats:
    """What the orders, and then the silence after the last of them, did to the answer, (n, inputs)."""
    moved = np.zeros((len(now), len(tier.names)))
    moved[:, tier.names.index("orders_per_day")] = usual - typical
    moved[:, tier.names.index("recency_days")] = now - usual
    return moved


def _reference_histories(tier: BtydTier, inputs: Floats) -> tuple[tuple[Floats, Floats, Floats], ...]:
    """Histories of anybody's first order, of the customer's orders, and as they are: the first two silent as usual.

    Usual is the mean time between orders of one with such a history: so long has it been, on average, when we ask.
    """
    repeats, recency, age = histories(inputs, tier.names)
    none, day = np.zeros(len(inputs)), np.ones(1)
    anybody = 1 / tier.model.orders_if_alive(none, none, day)[:, 0]
    usual = recency + 1 / tier.model.orders_if_alive(repeats, recency, day)[:, 0]
    return (none, none, anybody), (repeats, recency, usual), (repeats, recency, age)


def _require_btyd(tier: Tier) -> BtydTier:
    if isinstance(tier, BtydTier):
        return tier
    raise TypeError(f"{type(tier).__name__} has no exact attributions. Expected a BtydTier or a CohortTier.")


def _log_pace(order: Floats) -> Floats:
    """The log of the hazard passed by the time that P(order) is reached."""
    return _safe_log(-np.log1p(-np.minimum(order, 1 - _EPSILON)))


def _safe_log(amount: Floats | float) -> Floats:
    return np.asarray(np.log(np.maximum(amount, _EPSILON)))
