"""Fitting the buy-till-you-die rung to the newest cutoff, and its totals to the newest finished windows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from training.btyd import fit_btyd, fit_gamma_gamma
from training.model import Plan
from training.outcomes import Rows
from training.person_periods import periods
from training.predict.btyd import GammaGamma, GammaPoisson
from training.predict.btyd_rung import BtydRung, histories

Floats = NDArray[np.float64]

ONCE_A_YEAR = GammaPoisson(r=1.0, alpha=365.0)  # where there is nobody to learn from
WORTHLESS = GammaGamma(p=1.0, q=2.0, gamma=1e-6)  # where no order is worth anything


def fit_btyd_rung(rows: Rows, plan: Plan) -> BtydRung:
    """Parameters from the histories at the newest cutoff, scales from what happened in the newest finished windows.

    Args:
        rows: customers who had ordered, at every cutoff.
        plan: the learned horizons.
    """
    newest = rows.newest(plan.learned[-1])
    last = rows.at(rows.cutoff == rows.cutoff.max(initial=0))
    model = fit_btyd(*histories(last.inputs, last.names)).model if len(last) else ONCE_A_YEAR
    value = _order_value(last) if plan.has_amounts else None
    ones = (1.0,) * len(plan.learned)
    edges = tuple(periods(rows.outcomes, plan).tolist())
    bare = BtydRung(rows.names, model, value, plan.learned, edges, ones, ones)
    _, orders, _ = bare.answers(newest.inputs)
    scaled = replace(bare, order_scale=_scale(orders, newest.outcomes.orders, newest, plan))
    _, _, spend = scaled.answers(newest.inputs)
    if spend is None:
        return scaled
    return replace(scaled, spend_scale=_scale(spend, newest.outcomes.spend, newest, plan))


def _order_value(last: Rows) -> GammaGamma:
    mean = last.column("mean_order")
    return fit_gamma_gamma(last.column("orders"), mean).model if np.nan_to_num(mean).max(initial=0) > 0 else WORTHLESS


def _scale(predicted: Floats, observed: Floats, newest: Rows, plan: Plan) -> tuple[float, ...]:
    scales = []
    for position, days in enumerate(plan.learned):
        actual = observed[:, newest.outcomes.horizons.index(days)]
        seen = ~np.isnan(actual)
        total = float(predicted[seen, position].sum())
        scales.append(float(actual[seen].sum()) / total if total > 0 and actual[seen].sum() > 0 else 1.0)
    return tuple(scales)
