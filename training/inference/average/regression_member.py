"""Regression member: a regression on columns derived from the inputs, with the terms of each input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.inference.average.customer_inputs import column_positions
from training.inference.average.question_inputs import QuestionInputs
from training.inference.average.regression import Regression
from training.inference.average.regression_columns import BTYD, RegressionColumns


@dataclass(frozen=True)
class RegressionMember:
    """Regression member: it scores derived columns, and adds up what each input contributes."""

    regression: Regression
    derive: Callable[[QuestionInputs], RegressionColumns]

    def scores(self, question: QuestionInputs) -> Floats:
        """Scores on the scale of the link, (n,)."""
        return self.regression.scores(self.derive(question).values)

    def attributions(self, question: QuestionInputs) -> Floats:
        """What each input adds to the score, (n, names + 1); the last column is what BTYD's answer adds."""
        columns, positions = self.derive(question), column_positions(question.names)
        terms = self.regression.terms(columns.values)
        total = np.zeros((len(question), len(question.names) + 1))
        for position, source in enumerate(columns.sources):
            total[:, -1 if source == BTYD else positions[source]] += terms[:, position]
        return total
