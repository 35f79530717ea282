"""How far did each input move each answer of a customer who has ordered? Every rung says it in its own way.

All is on scales on which effects add up: log-odds of churn, log pace of ordering, log of the amount expected.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from features.arrays import Floats
from training.inference.explanations import exact_attributions
from training.inference.survival import PERIOD_INPUTS
from training.inference.tiered_model import Ladder
from training.inference.tiers.base import Rung
from training.inference.tiers.lightgbm_runtime import probability
from training.inference.tiers.trees import TreesRung

# Where the silence stands as a period begins is today's silence told later; which period it is, is said of nobody.
_SAID_BY = {
    "gap_at_start": "recency_days",
    "gap_over_mean": "recency_over_mean_gap",
    "gap_over_median": "recency_over_median_gap",
    "gap_over_p90": "recency_over_p90_gap",
}


def level(ladder: Ladder, answer: str) -> Rung:
    """The rung that an answer has its level from; the next purchase's curve is bent through the churn probability."""
    return ladder.rungs[ladder.tiers["churn" if answer == "next_purchase" else answer]]


class Contributions:
    """For n customers; each (n, names), and positive where the input raises the answer: churn, pace, or spend."""

    def __init__(self, ladder: Ladder, names: tuple[str, ...], inputs: Floats) -> None:
        self._ladder = ladder
        self._names = names
        self._inputs = inputs

    def of(self, answer: str) -> Floats:
        """Of one answer; raises KeyError for one that no release gives."""
        return {"churn": self._churn, "next_purchase": self._next_purchase, "ltv": self._ltv}[answer]()

    def _churn(self) -> Floats:
        rung = level(self._ladder, "churn")
        if isinstance(rung, TreesRung):
            return rung.churn_contributions(self._inputs)[:, :-1]
        return -exact_attributions.pace(rung, self._inputs, self._ladder.shape.churn_days)

    def _next_purchase(self) -> Floats:
        return self._pace

    def _ltv(self) -> Floats:
        rung, longest = level(self._ladder, "ltv"), self._ladder.shape.learned[-1]
        if not isinstance(rung, TreesRung):
            return exact_attributions.value(rung, self._inputs, longest)
        expected = exact_attributions.value(rung.value_heads.expectation.rung, self._inputs, longest)
        came, corrected = (_own(made_of, expected) for made_of in rung.value_heads.contributions(self._inputs))
        share = rung.value_heads.share_of_came(self._inputs, self._within)[:, None]
        return share * (came + self._slope()[:, None] * self._pace) + (1 - share) * (corrected + expected)

    @cached_property
    def _pace(self) -> Floats:
        rung = level(self._ladder, "next_purchase")
        if not isinstance(rung, TreesRung):
            return exact_attributions.pace(rung, self._inputs, self._ladder.shape.churn_days)
        if rung is not self._ladder.rungs[self._ladder.tiers["next_purchase"]]:
            return -self._churn()
        return self._folded(_over_periods(rung.hazard_contributions(self._inputs)))

    def _slope(self) -> Floats:
        """By how much log P(order) rises with the log pace, (n,): 1 for the unlikely, 0 for the certain."""
        order = np.clip(self._within[:, -1], 1e-9, 1 - 1e-9)
        return np.asarray(-np.log1p(-order) * (1 - order) / order)

    @cached_property
    def _within(self) -> Floats:
        """P(order within each learned horizon), (n, learned)."""
        timing = self._ladder.rungs[self._ladder.tiers["next_purchase"]]
        return timing.order_by(self._inputs, np.array([0.0, *self._ladder.shape.learned]))[:, 1:]

    def _folded(self, made_of: Floats) -> Floats:
        """From (n, names + period inputs) to (n, names)."""
        own = made_of[:, : len(self._names)].copy()
        for position, name in enumerate(PERIOD_INPUTS, start=len(self._names)):
            if name in _SAID_BY:
                own[:, self._names.index(_SAID_BY[name])] += made_of[:, position]
        return own


def _own(made_of: Floats, expected: Floats) -> Floats:
    """From (n, inputs + expectation + 1) to (n, inputs).

    What trees made of BTYD's answers goes to the inputs these come from, as much to each as it moved them.
    """
    size = np.abs(expected)
    names = expected.shape[1]
    answers = made_of[:, names:-1].sum(axis=1, keepdims=True)
    return np.asarray(made_of[:, :names] + answers * size / np.maximum(size.sum(axis=1, keepdims=True), 1e-300))


def _over_periods(made_of: Floats) -> Floats:
    """The mean over periods, (n, inputs), each weighed by the chance that the customer still waits when it begins.

    So were the rows weighed that the trees learned from: over a whole population the contributions then come to
    nothing, while plain sums would make everybody early.
    """
    stays = 1 - probability(made_of.sum(axis=2))
    waiting = np.cumprod(np.concatenate([np.ones((len(stays), 1)), stays[:, :-1]], axis=1), axis=1)
    weight = waiting / waiting.sum(axis=1, keepdims=True)
    return np.asarray(np.einsum("np,npk->nk", weight, made_of[:, :, :-1]))
