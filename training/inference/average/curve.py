"""Averaged curve: P(order by each day) from direct regressions at several horizons and from hazard trees.

Both are averaged on log-odds. A direct regression is fitted to its own day alone, and the hazard trees link the days;
decision 48 has the errors of either alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from features.arrays import Floats
from training.inference.average.question_inputs import QuestionInputs
from training.inference.average.regression import Regression
from training.inference.fast_numpy import clip, side_by_side
from training.inference.log_odds import logit, sigmoid
from training.inference.survival import person_period_inputs
from training.inference.tiers.lightgbm_runtime import Booster

MIN_SURVIVAL = 1e-9


@dataclass(frozen=True)
class AveragedCurve:
    """Averaged curve: one regression per day, and trees of the hazard between the days."""

    days: Floats  # (k + 1,) ascending from 0
    direct: tuple[Regression, ...]  # k, of P(order within days[j + 1])
    hazard: Booster  # of an order in a period, given none before
    center: Floats  # (k,) mean log-odds of the customers of the newest cutoff
    spread: float = 1.0  # of the log-odds around the center: less than 1 where no member can tell customers apart

    def with_spread(self, weights: float) -> AveragedCurve:
        """The curve that spreads no wider than the churn question, given the sum of its members' weights."""
        return replace(self, spread=min(1.0, weights))

    def order_by(self, questions: Sequence[QuestionInputs]) -> Floats:
        """P(order within days[j]), (n, k + 1), never decreasing; one question for each day but the first."""
        log_odds = self.center + self.spread * (self.log_odds(questions) - self.center)
        order_by = np.maximum.accumulate(sigmoid(log_odds), axis=1)
        return np.asarray(np.concatenate([np.zeros((len(order_by), 1)), order_by], axis=1), dtype=np.float64)

    def log_odds(self, questions: Sequence[QuestionInputs]) -> Floats:
        """Averaged log-odds of an order within days[j + 1], (n, k)."""
        parts = zip(self.direct, questions, strict=True)
        direct = side_by_side([regression.scores(question.small_columns.values) for regression, question in parts])
        return np.asarray((direct + logit(self._hazard_curve(questions))) / 2)

    def _hazard_curve(self, questions: Sequence[QuestionInputs]) -> Floats:
        first = questions[0]
        rows = person_period_inputs(first.customers.inputs, first.names, self.days)
        btyd = btyd_hazards(side_by_side([question.btyd_probability for question in questions]))
        rows = np.column_stack([rows, logit(btyd).ravel()])
        hazards = sigmoid(self.hazard.raw_scores(rows)).reshape(len(first), len(self.days) - 1)
        return np.asarray(1 - np.cumprod(1 - hazards, axis=1), dtype=np.float64)


def btyd_hazards(order_by: Floats) -> Floats:
    """P(order in each period, given none before), (n, k), from P(order by the end of each period), (n, k)."""
    survival = np.concatenate([np.ones((len(order_by), 1)), 1 - order_by], axis=1)
    return np.asarray(clip(1 - survival[:, 1:] / np.maximum(survival[:, :-1], MIN_SURVIVAL), 0.0, 1.0))


def set_level(order_by: Floats, position: int, probability: Floats) -> Floats:
    """Scale each customer's cumulative hazard so that P(order) at one day is as asked, (n, k).

    One hazard ratio per customer, S(t) to the power g (Cox 1972, "Regression models and life-tables"), leaves the order
    of the days as it is.

    Args:
        order_by: (n, k) P(order by each day), never decreasing.
        position: of the day.
        probability: (n,) P(order) by that day.
    """
    cumulative = -np.log1p(-clip(order_by, 0.0, 1 - MIN_SURVIVAL))
    target = -np.log1p(-clip(probability, MIN_SURVIVAL, 1 - MIN_SURVIVAL))
    ratio = target / np.maximum(cumulative[:, position], 1e-12)
    leveled: Floats = -np.expm1(-cumulative * ratio[:, None])
    return leveled
