"""Averaged question: the weighted average of the members' scores for one question over one horizon.

Averaging log-odds is the logarithmic opinion pool (Genest & Zidek 1986, "Combining probability distributions").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from features.arrays import Floats
from training.inference.average.question_inputs import QuestionInputs


class FittedMember(Protocol):
    """Fitted member: one of the models that the average is made of."""

    def scores(self, question: QuestionInputs) -> Floats:
        """Scores on the scale of the link, (n,): log-odds of an order, or the log of expected orders."""
        ...

    def attributions(self, question: QuestionInputs) -> Floats:
        """What each input adds to the score, (n, names + 1); the last column is what BTYD's answer adds."""
        ...


@dataclass(frozen=True)
class AveragedQuestion:
    """Averaged question: the fitted members, their weights, and the intercept."""

    days: int
    intercept: float
    weights: Mapping[str, float]  # member -> weight, 0 or more
    members: Mapping[str, FittedMember]

    def scores(self, question: QuestionInputs) -> Floats:
        """The averaged scores on the scale of the link, (n,)."""
        total = np.full(len(question), self.intercept)
        for name, weight in self.weights.items():
            if weight:
                total += weight * self.members[name].scores(question)
        return total

    def member_scores(self, question: QuestionInputs) -> Floats:
        """The scores of each member, (n, members)."""
        return np.column_stack([member.scores(question) for member in self.members.values()])

    def attributions(self, question: QuestionInputs) -> Floats:
        """What each input adds to the averaged score, (n, names + 1): the sum of the members' attributions."""
        parts = [weight * self.members[name].attributions(question) for name, weight in self.weights.items() if weight]
        return np.asarray(sum(parts, np.zeros((len(question), len(question.names) + 1))))
