"""How far did each input move the answers of the simple rungs? They use so few that it can be said exactly."""

from __future__ import annotations

import numpy as np

from features.arrays import Floats
from training.inference.survival import survival_curve
from training.inference.tiers.base import Rung
from training.inference.tiers.btyd import BtydRung, histories
from training.inference.tiers.cohort import CohortsRung

_LEAST = 1e-9


def pace(rung: Rung, inputs: Floats, days: int) -> Floats:
    """What moved the log pace of ordering over so many days, (n, inputs)."""
    horizon = np.array([0.0, days])
    if isinstance(rung, CohortsRung):
        within = survival_curve(np.asarray(rung.hazards), np.asarray(rung.edges), horizon)[:, 1]
        return _of_cells(rung, inputs, _log_pace(within))
    btyd = _btyd(rung)
    return _of_history(btyd, *(_log_pace(btyd.model.order_by(*one, horizon)[:, 1]) for one in _stages(btyd, inputs)))


def value(rung: Rung, inputs: Floats, days: int) -> Floats:
    """What moved the log of the amount expected within the longest learned horizon, so many days, (n, inputs)."""
    horizon = np.array([0.0, days])
    if isinstance(rung, CohortsRung):
        within = survival_curve(np.asarray(rung.hazards), np.asarray(rung.edges), horizon)[:, 1]
        moved = _of_cells(rung, inputs, _log(within * np.asarray(rung.orders_of_comers)[:, -1]))
        if rung.order_value and "mean_order" in rung.names:
            moved[:, rung.names.index("mean_order")] += _log(rung.own_order_value(inputs)) - _log(rung.order_value)
        return moved
    btyd = _btyd(rung)
    orders = (_log(btyd.model.expected_orders(*one, horizon)[:, 1]) for one in _stages(btyd, inputs))
    moved = _of_history(btyd, *orders)
    if btyd.order_value is not None:
        count, mean = (np.nan_to_num(inputs[:, btyd.names.index(name)]) for name in ("orders", "mean_order"))
        own = btyd.order_value.order_value(np.maximum(count, 1.0), np.maximum(mean, 1e-6))
        moved[:, btyd.names.index("mean_order")] = _log(own) - _log(btyd.order_value.order_value(0.0, 0.0))
    return moved


def _of_cells(rung: CohortsRung, inputs: Floats, told: Floats) -> Floats:
    """Shapley's shares of order count and recency in what a cell says, (n, inputs), against the mean of all cells."""
    table = told.reshape(len(rung.frequency) + 1, len(rung.recency) + 1)
    often, silent = table.mean(axis=1, keepdims=True), table.mean(axis=0, keepdims=True)
    moved, cell = np.zeros((len(inputs), len(rung.names))), rung.cells(inputs)
    shares = {"orders": table - silent + often - table.mean(), "recency_days": table - often + silent - table.mean()}
    for name, share in shares.items():
        moved[:, rung.names.index(name)] = share.ravel()[cell] / 2
    return moved


def _of_history(rung: BtydRung, anybody: Floats, usual: Floats, now: Floats) -> Floats:
    """What the orders, and then the silence after the last of them, did to the answer, (n, inputs)."""
    moved = np.zeros((len(now), len(rung.names)))
    moved[:, rung.names.index("orders_per_day")] = usual - anybody
    moved[:, rung.names.index("recency_days")] = now - usual
    return moved


def _stages(rung: BtydRung, inputs: Floats) -> tuple[tuple[Floats, Floats, Floats], ...]:
    """Histories of anybody's first order, of the customer's orders, and as they are: the first two silent as usual.

    Usual is the mean time between orders of one with such a history: so long has it been, on average, when we ask.
    """
    repeats, recency, age = histories(inputs, rung.names)
    none, day = np.zeros(len(inputs)), np.ones(1)
    anybody = 1 / rung.model.orders_if_alive(none, none, day)[:, 0]
    usual = recency + 1 / rung.model.orders_if_alive(repeats, recency, day)[:, 0]
    return (none, none, anybody), (repeats, recency, usual), (repeats, recency, age)


def _btyd(rung: Rung) -> BtydRung:
    if isinstance(rung, BtydRung):
        return rung
    raise TypeError(f"{type(rung).__name__} has no simple reasons. Expected a BtydRung or a CohortsRung.")


def _log_pace(order: Floats) -> Floats:
    """The log of the hazard passed by the time that P(order) is reached."""
    return _log(-np.log1p(-np.minimum(order, 1 - _LEAST)))


def _log(amount: Floats | float) -> Floats:
    return np.asarray(np.log(np.maximum(amount, _LEAST)))
