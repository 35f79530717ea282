"""BTYD tier: the buy-till-you-die model fitted at the newest cutoff, with its totals matched to the newest windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from features.arrays import Floats
from training.dataset.outcomes import Rows
from training.dataset.person_periods import period_edges
from training.dataset.plan import HorizonPlan
from training.fitting.btyd import fit_btyd, fit_gamma_gamma
from training.inference.btyd import GammaGamma, GammaPoisson
from training.inference.tiers.btyd import BtydTier, histories

FALLBACK_ORDER_MODEL = GammaPoisson(r=1.0, alpha=365.0)  # without customers
FALLBACK_ORDER_VALUE = GammaGamma(p=1.0, q=2.0, gamma=1e-6)  # without a positive order value
RATIO_DRIFT = 0.25


def fit_btyd_tier(rows: Rows, plan: HorizonPlan) -> BtydTier:
    """Fit the BTYD parameters to the histories at the newest cutoff, without scaling its totals.

    Args:
        rows: customers with an order, at every cutoff.
        plan: the learned horizons.
    """
    last = rows.select(rows.cutoff == rows.cutoff.max(initial=0))
    model = fit_btyd(*histories(last.inputs, last.names)).model if len(last) else FALLBACK_ORDER_MODEL
    value = _fit_order_value(last) if plan.has_amounts else None
    ones, edges = (1.0,) * len(plan.learned), tuple(period_edges(rows.outcomes, plan).tolist())
    return BtydTier(rows.names, model, value, plan.learned, edges, ones, ones, ones)


def match_newest_totals(tier: BtydTier, newest: Rows) -> BtydTier:
    """Scale the totals of the tier towards those of the newest finished windows, shrunken by sampling noise.

    Args:
        tier: the fitted tier.
        newest: customers at the newest cutoffs whose windows are over.
    """
    within, orders, _ = tier.predict(newest.inputs)
    came = np.where(np.isnan(newest.outcomes.orders), np.nan, newest.outcomes.orders > 0)
    tier = replace(
        tier,
        buyer_scale=_scale_factors(within, came, newest, tier.learned),
        order_scale=_scale_factors(orders, newest.outcomes.orders, newest, tier.learned),
    )
    _, _, spend = tier.predict(newest.inputs)
    if spend is None:
        return tier
    return replace(tier, spend_scale=_scale_factors(spend, newest.outcomes.spend, newest, tier.learned))


def _fit_order_value(newest: Rows) -> GammaGamma:
    mean = newest.column("mean_order")
    return (
        fit_gamma_gamma(newest.column("orders"), mean).model
        if np.nan_to_num(mean).max(initial=0) > 0
        else FALLBACK_ORDER_VALUE
    )


def _scale_factors(predicted: Floats, observed: Floats, newest: Rows, learned: Sequence[int]) -> tuple[float, ...]:
    scales = []
    for position, days in enumerate(learned):
        actual = observed[:, newest.outcomes.horizons.index(days)]
        observed_rows = ~np.isnan(actual)
        scales.append(shrunken_ratio(predicted[observed_rows, position], actual[observed_rows]))
    return tuple(scales)


def shrunken_ratio(predicted: Floats, actual: Floats) -> float:
    """Actual over predicted total, (n,) each, shrunken towards 1 by its sampling variance; 1 for a total of 0.

    The logarithm of the ratio has a normal prior with mean 0 and standard deviation ``RATIO_DRIFT``; the result is its
    posterior mean (normal model with known variance; Gelman et al. 2013, section 2.5).
    """
    predicted_total, actual_total = float(predicted.sum()), float(actual.sum())
    if predicted_total <= 0 or actual_total <= 0:
        return 1.0
    ratio = actual_total / predicted_total
    sampling_variance = float(((actual - ratio * predicted) ** 2).sum()) / actual_total**2
    return float(ratio ** (RATIO_DRIFT**2 / (RATIO_DRIFT**2 + sampling_variance)))
