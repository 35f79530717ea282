"""Regression member: a regression on columns derived from the inputs, with the terms of each input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.inference.average.question_inputs import QuestionInputs
from training.inference.average.regression import Regression
from training.inference.average.regression_columns import BTYD, RegressionColumn, stack_columns

DeriveColumns = Callable[[QuestionInputs], Sequence[RegressionColumn]]


@dataclass(frozen=True)
class RegressionMember:
    """Regression member: it scores derived columns, and adds up what each input contributes."""

    regression: Regression
    derive: DeriveColumns

    def scores(self, question: QuestionInputs) -> Floats:
        """Scores on the scale of the link, (n,)."""
        return self.regression.scores(stack_columns(self.derive(question)))

    def attributions(self, question: QuestionInputs) -> Floats:
        """What each input adds to the score, (n, names + 1); the last column is what BTYD's answer adds."""
        columns = self.derive(question)
        terms = self.regression.terms(stack_columns(columns))
        total = np.zeros((len(question), len(question.names) + 1))
        for position, column in enumerate(columns):
            total[:, -1 if column.source == BTYD else question.names.index(column.source)] += terms[:, position]
        return total
