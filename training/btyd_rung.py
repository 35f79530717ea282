"""Fitting the buy-till-you-die rung to the newest cutoff, and its totals to the newest finished windows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from training.btyd import fit_btyd, fit_gamma_gamma
from training.model import Plan
from training.models.next_purchase import periods
from training.outcomes import Rows
from training.predict.btyd_rung import BtydRung, histories

Floats = NDArray[np.float64]


def fit_btyd_rung(rows: Rows, newest: Rows, plan: Plan) -> BtydRung:
    """Parameters from the histories at the newest cutoff, scales from what customers of ``newest`` then did.

    Args:
        rows: customers who had ordered, at every cutoff.
        newest: those of the newest cutoffs whose windows are over.
        plan: the learned horizons.
    """
    last = rows.at(rows.cutoff == rows.cutoff.max())
    model = fit_btyd(*histories(last.inputs, last.names)).model
    value = fit_gamma_gamma(last.column("orders"), last.column("mean_order")).model if plan.has_amounts else None
    ones = (1.0,) * len(plan.learned)
    edges = tuple(periods(rows.outcomes, plan).tolist())
    bare = BtydRung(rows.names, model, value, plan.learned, edges, ones, ones)
    none = np.zeros((len(newest), len(plan.learned)))
    orders = _scale(bare.expected_orders(newest.inputs, none), newest.outcomes.orders, newest, plan)
    scaled = replace(bare, order_scale=orders)
    if value is None:
        return scaled
    spend = _scale(scaled.mean_spend(newest.inputs, none), newest.outcomes.spend, newest, plan)
    return replace(scaled, spend_scale=spend)


def _scale(predicted: Floats, observed: Floats, newest: Rows, plan: Plan) -> tuple[float, ...]:
    scales = []
    for position, days in enumerate(plan.learned):
        actual = observed[:, newest.outcomes.horizons.index(days)]
        seen = ~np.isnan(actual)
        total = float(predicted[seen, position].sum())
        scales.append(float(actual[seen].sum()) / total if total > 0 and actual[seen].sum() > 0 else 1.0)
    return tuple(scales)
