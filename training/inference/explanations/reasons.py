"""Reasons: the few facts about a customer that moved an answer most, as codes, numbers and sentences."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from features.views import View
from training.inference.explanations.attributions import Attributions
from training.inference.explanations.explanation import Explanation
from training.inference.explanations.phrases import ORDERS
from training.inference.explanations.rendering import LocalizedText, concepts_by_input, render_sentence
from training.inference.tiered_model import TieredModel

MAX_REASONS = 3
MIN_IMPORTANCE = 0.05


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Reason: one fact about a customer, and its effect on one of the answers."""

    answer: str  # name of the model
    code: str  # the input that represents the concept best
    value: float | None  # of that input; None where it is missing
    direction: str  # raises or lowers; for the next purchase, sooner or later
    importance: float  # share of the absolute attributions of the answer, 0 to 1
    text: LocalizedText


class Explainer:
    """Explainer: it finds the reasons for the answers of one tiered model."""

    def __init__(
        self,
        tiered_model: TieredModel,
        names: Sequence[str],
        views: Iterable[View],
        currency: str,
        explanations: Mapping[str, Explanation],
    ) -> None:
        concepts = concepts_by_input(views)
        self._tiered_model = tiered_model
        self._explanations = explanations
        self._names = tuple(names)
        self._currency = currency
        self._concepts = tuple({id(concepts[name]): concepts[name] for name in names if name in concepts}.values())
        self._members = [np.flatnonzero([name in concept.phrases for name in names]) for concept in self._concepts]

    def explain(self, inputs: Floats, orders: Floats, answers: Sequence[str], usual_churn: float) -> list[list[Reason]]:
        """Return for each of n customers up to three reasons per answer, the most important first.

        A tier that treats all customers alike gives no reasons.

        Args:
            inputs: (n, names) of ``features.transformations.on_demand.model_inputs``.
            orders: (n,) orders so far.
            answers: names of models that have an ``Explanation``.
            usual_churn: the churn probability with which customers without orders are compared.
        """
        by_customer: list[list[Reason]] = [[] for _ in orders]
        buyers, prospects = np.flatnonzero(orders >= 1), np.flatnonzero(orders < 1)
        attributions = Attributions(self._tiered_model, inputs[buyers])
        for answer in answers:
            for row, reasons in zip(
                buyers.tolist(),
                self.buyer_reasons(answer, inputs[buyers], self._explanations[answer].attribute(attributions)),
                strict=True,
            ):
                by_customer[row] += reasons
        for row, is_likely_churner in zip(
            prospects.tolist(),
            (self._prospect_churn_probability(inputs[prospects]) >= usual_churn).tolist(),
            strict=True,
        ):
            by_customer[row] = [
                self._no_orders_reason(answer, raises=is_likely_churner == self._explanations[answer].rises_with_churn)
                for answer in answers
            ]
        return by_customer

    def buyer_reasons(self, answer: str, inputs: Floats, attributions: Floats) -> Iterable[list[Reason]]:
        """Yield the most important reasons of each buyer for an answer, from its attributions, (n, names)."""
        by_concept = np.column_stack([attributions[:, members].sum(axis=1) for members in self._members])
        size = np.abs(by_concept)
        shares = size / np.maximum(size.sum(axis=1, keepdims=True), 1e-300)
        best = np.argsort(-shares, axis=1, kind="stable")[:, :MAX_REASONS]
        for row, concepts in enumerate(best.tolist()):
            yield [
                self._reason(answer, concept, inputs[row], attributions[row], float(shares[row, concept]))
                for concept in concepts
                if shares[row, concept] >= MIN_IMPORTANCE
            ]

    def _reason(self, answer: str, position: int, inputs: Floats, attributions: Floats, importance: float) -> Reason:
        concept, members = self._concepts[position], self._members[position]
        strongest = self._strongest_input(inputs[members], attributions[members])
        name, value = self._names[members[strongest]], float(inputs[members[strongest]])
        text = render_sentence(concept, name, value, self._currency)
        raises = bool(attributions[members].sum() > 0)
        return Reason(
            answer=answer,
            code=name,
            value=None if math.isnan(value) else value,
            direction=self._explanations[answer].directions[raises],
            importance=importance,
            text=text,
        )

    @staticmethod
    def _strongest_input(values: Floats, attributions: Floats) -> int:
        """Return the index of the input that has a value and moved the answer furthest in the concept's direction."""
        towards = attributions * np.sign(attributions.sum())
        known = np.isfinite(values)
        return int(np.argmax(np.where(known, towards, -np.inf) if known.any() else towards))

    def _prospect_churn_probability(self, inputs: Floats) -> Floats:
        horizon = np.array([0.0, self._tiered_model.layout.churn_days])
        return 1 - self._tiered_model.prospects.answer(inputs, horizon).order_by[:, 1]

    def _no_orders_reason(self, answer: str, *, raises: bool) -> Reason:
        return Reason(
            answer=answer,
            code="orders",
            value=0.0,
            direction=self._explanations[answer].directions[raises],
            importance=1.0,
            text=render_sentence(ORDERS, "orders", 0.0, self._currency),
        )
