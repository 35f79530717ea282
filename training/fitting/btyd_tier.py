"""Fitting the buy-till-you-die rung to the newest cutoff, and its totals to the newest finished windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from features.arrays import Floats
from training.dataset.outcomes import Rows
from training.dataset.person_periods import period_edges
from training.fitting.btyd import fit_btyd, fit_gamma_gamma
from training.inference.btyd import GammaGamma, GammaPoisson
from training.inference.tiers.btyd import BtydTier, histories
from training.model import HorizonPlan

FALLBACK_ORDER_MODEL = GammaPoisson(r=1.0, alpha=365.0)  # where there is nobody to learn from
FALLBACK_ORDER_VALUE = GammaGamma(p=1.0, q=2.0, gamma=1e-6)  # where no order is worth anything
RATIO_DRIFT = 0.25


def fit_btyd_tier(rows: Rows, plan: HorizonPlan) -> BtydTier:
    """Parameters from the histories at the newest cutoff; its totals are those of the models.

    Args:
        rows: customers who had ordered, at every cutoff.
        plan: the learned horizons.
    """
    last = rows.select(rows.cutoff == rows.cutoff.max(initial=0))
    model = fit_btyd(*histories(last.inputs, last.names)).model if len(last) else FALLBACK_ORDER_MODEL
    value = _fit_order_value(last) if plan.has_amounts else None
    ones, edges = (1.0,) * len(plan.learned), tuple(period_edges(rows.outcomes, plan).tolist())
    return BtydTier(rows.names, model, value, plan.learned, edges, ones, ones, ones)


def match_newest_totals(tier: BtydTier, newest: Rows) -> BtydTier:
    """The rung with the totals that the newest finished windows had, as far as these are more than chance.

    Args:
        tier: as it was fitted.
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
        seen = ~np.isnan(actual)
        scales.append(shrunken_ratio(predicted[seen, position], actual[seen]))
    return tuple(scales)


def shrunken_ratio(predicted: Floats, actual: Floats) -> float:
    """Actual over predicted total of some customers, nearer to 1 the more of it their number leaves to chance.

    The logarithm of such ratios is taken to spread by ``RATIO_DRIFT`` around 0 from one time to another, and is weighed
    against its own sampling variance (the posterior mean of a normal model; Gelman et al. 2013, section 2.5).
    """
    total, happened = float(predicted.sum()), float(actual.sum())
    if total <= 0 or happened <= 0:
        return 1.0
    ratio = happened / total
    chance = float(((actual - ratio * predicted) ** 2).sum()) / happened**2
    return float(ratio ** (RATIO_DRIFT**2 / (RATIO_DRIFT**2 + chance)))
