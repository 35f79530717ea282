"""Attributions: the contribution of each input to each answer of a buyer, by SHAP values or exact, as the tier allows.

The scales are additive: log-odds of churn, log pace of ordering (log of the cumulative hazard), log of the expected
amount.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from features.arrays import Floats
from training.inference.explanations import exact_attributions
from training.inference.survival import PERIOD_INPUTS
from training.inference.tiered_model import TieredModel
from training.inference.tiers.base import Tier
from training.inference.tiers.lightgbm_runtime import sigmoid
from training.inference.tiers.trees import TreesTier

# Recency at the start of a period counts as today's recency; the edges of the period belong to no input.
_SOURCE_INPUTS = {
    "gap_at_start": "recency_days",
    "gap_over_mean": "recency_over_mean_gap",
    "gap_over_median": "recency_over_median_gap",
    "gap_over_p90": "recency_over_p90_gap",
}


class Attributions:
    """Attributions for n buyers: each is (n, names), positive where the input raises churn, pace or spend."""

    def __init__(self, tiered_model: TieredModel, names: tuple[str, ...], inputs: Floats) -> None:
        self._tiered_model = tiered_model
        self._names = names
        self._inputs = inputs

    def churn(self) -> Floats:
        """Return the attributions of the log-odds of churn, (n, names)."""
        tier = self._level_tier("churn")
        if isinstance(tier, TreesTier):
            return tier.churn_shap_values(self._inputs)[:, :-1]
        return -exact_attributions.pace_attributions(tier, self._inputs, self._tiered_model.layout.churn_days)

    def next_purchase(self) -> Floats:
        """Return the attributions of the log pace of ordering, (n, names)."""
        return self._pace_attributions

    def ltv(self) -> Floats:
        """Return the attributions of the log of the amount expected within the longest learned horizon, (n, names)."""
        tier, longest = self._level_tier("ltv"), self._tiered_model.layout.learned[-1]
        if not isinstance(tier, TreesTier):
            return exact_attributions.spend_attributions(tier, self._inputs, longest)
        expected = exact_attributions.spend_attributions(tier.value_model.expectation.tier, self._inputs, longest)
        conditional, corrected = (
            redistribute_expectation(shap_values, expected)
            for shap_values in tier.value_model.shap_values(self._inputs)
        )
        share = tier.value_model.conditional_share(self._inputs, self._order_probabilities)[:, None]
        return share * (conditional + self._log_pace_slope()[:, None] * self._pace_attributions) + (1 - share) * (
            corrected + expected
        )

    @cached_property
    def _pace_attributions(self) -> Floats:
        tier = self._level_tier("churn")  # the curve is tilted to the churn probability
        if not isinstance(tier, TreesTier):
            return exact_attributions.pace_attributions(tier, self._inputs, self._tiered_model.layout.churn_days)
        if tier is not self._tiered_model.tier_by_name[self._tiered_model.tier_by_model["next_purchase"]]:
            return -self.churn()
        return self.fold_period_inputs(_average_over_periods(tier.hazard_shap_values(self._inputs)))

    def _level_tier(self, model: str) -> Tier:
        return self._tiered_model.tier_by_name[self._tiered_model.tier_by_model[model]]

    def _log_pace_slope(self) -> Floats:
        """Return the slope of log P(order) over log pace, (n,): 1 where an order is unlikely, 0 where it is certain."""
        order = np.clip(self._order_probabilities[:, -1], 1e-9, 1 - 1e-9)
        return np.asarray(-np.log1p(-order) * (1 - order) / order)

    @cached_property
    def _order_probabilities(self) -> Floats:
        """P(order within each learned horizon), (n, learned)."""
        timing = self._tiered_model.tier_by_name[self._tiered_model.tier_by_model["next_purchase"]]
        return timing.order_by(self._inputs, np.array([0.0, *self._tiered_model.layout.learned]))[:, 1:]

    def fold_period_inputs(self, shap_values: Floats) -> Floats:
        """Add the period inputs to the inputs they come from: (n, names + period inputs) to (n, names)."""
        own = shap_values[:, : len(self._names)].copy()
        for position, name in enumerate(PERIOD_INPUTS, start=len(self._names)):
            if name in _SOURCE_INPUTS:
                own[:, self._names.index(_SOURCE_INPUTS[name])] += shap_values[:, position]
        return own


def redistribute_expectation(shap_values: Floats, expected: Floats) -> Floats:
    """Add the SHAP values of BTYD's expectation to the inputs of BTYD: (n, inputs + expectation + 1) to (n, inputs).

    Each input gets a part in proportion to its own attribution in BTYD.
    """
    size = np.abs(expected)
    names = expected.shape[1]
    expectation_shap = shap_values[:, names:-1].sum(axis=1, keepdims=True)
    return np.asarray(
        shap_values[:, :names] + expectation_shap * size / np.maximum(size.sum(axis=1, keepdims=True), 1e-300)
    )


def _average_over_periods(shap_values: Floats) -> Floats:
    """Return the mean over periods, (n, inputs), weighted by P(no order before the period).

    The training rows of the trees have the same weights. So the attributions of a whole population average to about
    zero; with plain sums, every customer would seem to order sooner than usual.
    """
    no_order = 1 - sigmoid(shap_values.sum(axis=2))
    no_order_before = np.cumprod(np.concatenate([np.ones((len(no_order), 1)), no_order[:, :-1]], axis=1), axis=1)
    weight = no_order_before / no_order_before.sum(axis=1, keepdims=True)
    return np.asarray(np.einsum("np,npk->nk", weight, shap_values[:, :, :-1]))
