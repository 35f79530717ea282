"""BTYD tier fitting: the buy-till-you-die model and the model of order values at the newest cutoff."""

from __future__ import annotations

import numpy as np

from training.dataset.outcomes import Rows
from training.dataset.person_periods import period_edges
from training.dataset.plan import HorizonPlan
from training.fitting.average.cutoff_weights import sampled_rows
from training.fitting.btyd import fit_btyd, fit_gamma_gamma
from training.inference.btyd import GammaGamma, GammaPoisson
from training.inference.tiers.btyd import BtydTier, histories

MAX_CUSTOMERS = 2_000  # four parameters need no more, and the search takes most of a training's time
FALLBACK_ORDER_MODEL = GammaPoisson(r=1.0, alpha=365.0)  # without customers
FALLBACK_ORDER_VALUE = GammaGamma(p=1.0, q=2.0, gamma=1e-6)  # without a positive order value


def fit_btyd_tier(rows: Rows, plan: HorizonPlan) -> BtydTier:
    """Fit the BTYD parameters to the histories at the newest cutoff.

    Args:
        rows: customers with an order, at every cutoff.
        plan: the learned horizons.
    """
    last = rows.select(rows.cutoff == rows.cutoff.max(initial=0))
    last = last.select(sampled_rows(last.customer, last.cutoff, MAX_CUSTOMERS))
    model = fit_btyd(*histories(last.inputs, last.names)).model if len(last) else FALLBACK_ORDER_MODEL
    value = _fit_order_value(last) if plan.has_amounts else None
    return BtydTier(rows.names, model, value, plan.learned, tuple(period_edges(rows.outcomes, plan).tolist()))


def _fit_order_value(newest: Rows) -> GammaGamma:
    mean = newest.column("mean_order")
    return (
        fit_gamma_gamma(newest.column("orders"), mean).model
        if np.nan_to_num(mean).max(initial=0) > 0
        else FALLBACK_ORDER_VALUE
    )
