"""Average tier: the averaged answers to every question, from one evaluation of BTYD per customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.inference.average.averaged_question import AveragedQuestion
from training.inference.average.curve import AveragedCurve, set_level
from training.inference.average.customer_inputs import CustomerInputs, ShopAverages
from training.inference.average.question_inputs import QuestionInputs
from training.inference.average.spend import AveragedSpend
from training.inference.fast_numpy import clip, side_by_side
from training.inference.log_odds import sigmoid
from training.inference.survival import survival_curve
from training.inference.tiers.base import TierAnswer
from training.inference.tiers.btyd import BtydTier, histories


@dataclass(frozen=True)
class LongTenure:
    """Long tenure: in a short log, customers older than all training rows lean on BTYD, which models age."""

    days: float  # the longest tenure among the training rows
    btyd_share: float  # of BTYD's log in the log of expected orders

    def share(self, question: QuestionInputs) -> Floats:
        """BTYD's share in the log of expected orders, (n,): 0 for a tenure that the training rows had."""
        return np.where(question.customers.column("tenure_days") > self.days, self.btyd_share, 0.0)


@dataclass(frozen=True)
class AverageTier:
    """Average tier: P(order) at the churn horizon, the curve, and orders and spend at each learned horizon."""

    names: tuple[str, ...]
    btyd: BtydTier
    averages: ShopAverages
    churn: AveragedQuestion
    curve: AveragedCurve
    orders: tuple[AveragedQuestion, ...]  # per learned horizon
    spend: tuple[AveragedSpend, ...] | None  # per learned horizon; None without amounts
    long_tenure: LongTenure | None  # None where the log is long enough

    @property
    def edges(self) -> Floats:
        """Days between which the daily hazard is constant, ascending from 0."""
        return self.curve.days

    def questions(self, inputs: Floats) -> list[QuestionInputs]:
        """The question inputs at every day of the curve but the first."""
        days = self.curve.days[1:]
        within, orders = self.btyd.model.order_by_and_expected_orders(*histories(inputs, self.names), days)
        customers = CustomerInputs(self.names, inputs, self.averages)
        return [QuestionInputs(customers, float(day), within[:, j], orders[:, j]) for j, day in enumerate(days)]

    def answer(self, inputs: Floats, days: Floats) -> TierAnswer:
        """Predict n customers, with BTYD evaluated once."""
        questions = self.questions(inputs)
        return TierAnswer(self.order_by(questions, days), *self.orders_and_spend(questions))

    def order_by(self, questions: Sequence[QuestionInputs], days: Floats) -> Floats:
        """P(order within days[j]), (n, len(days)): the averaged curve on the level of the averaged churn question."""
        position = self.position(self.churn.days)
        probability = sigmoid(self.churn.scores(questions[position]))
        order_by = set_level(self.curve.order_by(questions), position + 1, probability)
        survival = np.maximum(1 - order_by, 1e-12)
        hazards = clip(1 - survival[:, 1:] / survival[:, :-1], 0.0, 1.0)
        return survival_curve(hazards, self.curve.days, days)

    def orders_and_spend(self, questions: Sequence[QuestionInputs]) -> tuple[Floats, Floats | None]:
        """Expected orders and net amount within each learned horizon, each (n, learned)."""
        asked = [questions[self.position(averaged.days)] for averaged in self.orders]
        logs = [self.log_orders(averaged, question) for averaged, question in zip(self.orders, asked, strict=True)]
        orders = np.exp(side_by_side(logs))
        if self.spend is None:
            return orders, None
        parts = zip(self.spend, asked, logs, strict=True)
        return orders, side_by_side([spend.predict(question, log) for spend, question, log in parts])

    def log_orders(self, averaged: AveragedQuestion, question: QuestionInputs) -> Floats:
        """Log of the expected orders, (n,)."""
        scores = averaged.scores(question)
        if self.long_tenure is None:
            return scores
        share = self.long_tenure.share(question)
        return np.asarray((1 - share) * scores + share * question.btyd_log_orders)

    def log_orders_attributions(self, question: QuestionInputs) -> Floats:
        """What each input adds to the log of the orders within the longest learned horizon, (n, names + 1)."""
        terms = self.orders[-1].attributions(question)
        if self.long_tenure is None:
            return terms
        share = self.long_tenure.share(question)
        terms = (1 - share)[:, None] * terms
        terms[:, -1] += share * question.btyd_log_orders
        return np.asarray(terms)

    def position(self, days: float) -> int:
        """The position of a day among those of the curve but the first."""
        return int(np.searchsorted(self.curve.days[1:], days))
