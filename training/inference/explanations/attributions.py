"""Attributions: the contribution of each input to each answer of a buyer, exact for every tier.

The scales are additive: log-odds of an order, log pace of ordering, log of the expected amount.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from features.arrays import Floats
from training.inference.average.average_tier import AverageTier
from training.inference.average.question_inputs import QuestionInputs
from training.inference.explanations import exact_attributions
from training.inference.tiered_model import TieredModel


class Attributions:
    """Attributions for n buyers: each is (n, names), positive where the input raises churn, pace or spend."""

    def __init__(self, tiered_model: TieredModel, inputs: Floats) -> None:
        self._tier = tiered_model.tier
        self._layout = tiered_model.layout
        self._inputs = inputs

    def churn(self) -> Floats:
        """Return the attributions of churn, (n, names): those of an order with the opposite sign."""
        return -self.next_purchase()

    def next_purchase(self) -> Floats:
        """Return the attributions of an order within the churn horizon, (n, names); they set the level of the curve."""
        return self._order_attributions

    def ltv(self) -> Floats:
        """Return the attributions of the log of the amount expected within the longest learned horizon, (n, names)."""
        if not isinstance(self._tier, AverageTier):
            return exact_attributions.spend_attributions(self._tier, self._inputs, self._layout.learned[-1])
        question = self._questions[self._tier.position(self._tier.orders[-1].days)]
        orders = redistribute(self._tier.log_orders_attributions(question), self._btyd_attributions)
        if self._tier.spend is None:
            return orders
        log_orders = self._tier.log_orders(self._tier.orders[-1], question)
        spend = self._tier.spend[-1].attributions(question, log_orders)
        return np.asarray(orders + redistribute(spend, orders))

    @cached_property
    def _order_attributions(self) -> Floats:
        if not isinstance(self._tier, AverageTier):
            return exact_attributions.pace_attributions(self._tier, self._inputs, self._layout.churn_days)
        question = self._questions[self._tier.position(self._tier.churn.days)]
        return redistribute(self._tier.churn.attributions(question), self._btyd_attributions)

    @cached_property
    def _questions(self) -> list[QuestionInputs]:
        return self._tier.questions(self._inputs) if isinstance(self._tier, AverageTier) else []

    @cached_property
    def _btyd_attributions(self) -> Floats:
        """The attributions of BTYD's own answer, (n, names), by which its part in the average is split."""
        btyd = self._tier.btyd if isinstance(self._tier, AverageTier) else self._tier
        return exact_attributions.pace_attributions(btyd, self._inputs, self._layout.churn_days)


def redistribute(terms: Floats, shares: Floats) -> Floats:
    """Split the last column among the inputs, (n, names + 1) to (n, names), in proportion to the size of ``shares``.

    The sum over the inputs stays the same; where no input has a share, the column is left out.
    """
    size = np.abs(shares)
    return np.asarray(terms[:, :-1] + terms[:, -1:] * size / np.maximum(size.sum(axis=1, keepdims=True), 1e-300))
