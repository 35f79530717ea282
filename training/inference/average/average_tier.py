"""Average tier: the averaged answers to every question, from one evaluation of BTYD per customer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.inference.average.averaged_question import AveragedQuestion
from training.inference.average.curve import AveragedCurve, set_level
from training.inference.average.question_inputs import QuestionInputs, ShopAverages
from training.inference.average.spend import AveragedSpend
from training.inference.fast_numpy import clip
from training.inference.survival import survival_curve
from training.inference.tiers.btyd import BtydTier, histories
from training.inference.tiers.lightgbm_runtime import sigmoid




@dataclass(frozen=True)
class LongTenure:
    """Long tenure: customers older than any that a short log could teach about lean on BTYD, which knows age."""

    days: float  # the longest tenure among the training rows
    btyd_share: float  # of BTYD's log in the log of expected orders

    def adjust(self, log_orders: Floats, question: QuestionInputs) -> Floats:
        """The log of expected orders, (n,), with BTYD's share for customers of longer tenure."""
        blended = (1 - self.btyd_share) * log_orders + self.btyd_share * question.btyd_log_orders
        return np.where(question.column("tenure_days") > self.days, blended, log_orders)


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
        return [
            QuestionInputs(self.names, inputs, float(day), within[:, j], orders[:, j], self.averages)
            for j, day in enumerate(days)
        ]

    def order_by(self, inputs: Floats, days: Floats) -> Floats:
        """P(order within days[j]), (n, len(days))."""
        return self.order_by_questions(self.questions(inputs), days)

    def order_by_questions(self, questions: list[QuestionInputs], days: Floats) -> Floats:
        """P(order within days[j]), (n, len(days)): the averaged curve on the level of the averaged churn question."""
        position = self.position(self.churn.days)
        probability = sigmoid(self.churn.scores(questions[position]))
        order_by = set_level(self.curve.order_by(questions), position + 1, probability)
        survival = np.maximum(1 - order_by, 1e-12)
        hazards = clip(1 - survival[:, 1:] / survival[:, :-1], 0.0, 1.0)
        return survival_curve(hazards, self.curve.days, days)

    def orders_and_spend(self, inputs: Floats, _within: Floats) -> tuple[Floats, Floats | None]:
        """Expected orders and net amount within each learned horizon, each (n, learned)."""
        return self.orders_and_spend_of(self.questions(inputs))

    def orders_and_spend_of(self, questions: list[QuestionInputs]) -> tuple[Floats, Floats | None]:
        """Expected orders and net amount within each learned horizon, each (n, learned)."""
        asked = [questions[self.position(averaged.days)] for averaged in self.orders]
        logs = [self.log_orders(averaged, question) for averaged, question in zip(self.orders, asked, strict=True)]
        orders = np.exp(np.column_stack(logs))
        if self.spend is None:
            return orders, None
        parts = zip(self.spend, asked, logs, strict=True)
        return orders, np.column_stack([spend.predict(question, log) for spend, question, log in parts])

    def log_orders(self, averaged: AveragedQuestion, question: QuestionInputs) -> Floats:
        """Log of the expected orders, (n,)."""
        scores = averaged.scores(question)
        return scores if self.long_tenure is None else self.long_tenure.adjust(scores, question)

    def position(self, days: float) -> int:
        """The position of a day among those of the curve but the first."""
        return int(np.searchsorted(self.curve.days[1:], days))


