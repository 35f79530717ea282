"""Buy-till-you-die model alone, its level corrected.

P(order) goes through two parameters (Platt 1999, "Probabilistic outputs for support vector machines"), expected orders
through one factor.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.inference.average.question_inputs import QuestionInputs
from training.inference.average.regression import Regression
from training.member import Member, MemberTrainers, QuestionRows, Target
from training.model import Artifact

FILE = "btyd.json"


@dataclass(frozen=True)
class BtydMember:
    """BTYD member: a regression whose only column is BTYD's answer."""

    regression: Regression
    target: Target

    def scores(self, question: QuestionInputs) -> Floats:
        """Scores on the scale of the link, (n,)."""
        return self.regression.scores(_column(question, self.target))

    def attributions(self, question: QuestionInputs) -> Floats:
        """What BTYD's answer adds, (n, names + 1), all in the last column."""
        terms = np.zeros((len(question), len(question.names) + 1))
        terms[:, -1] = self.regression.terms(_column(question, self.target))[:, 0]
        return terms


def fit(rows: QuestionRows, trainers: MemberTrainers) -> Artifact:
    """Fit Platt's two parameters for P(order), or the factor that makes expected orders equal the observed ones."""
    column = _column(rows.question, rows.target)
    if rows.target is Target.ORDER:
        regression = trainers.regression(rows.target, column, rows.outcome, rows.weight)
    else:
        expected = float((np.exp(column[:, 0]) * rows.weight).sum())
        log_factor = float(np.log(max(float((rows.outcome * rows.weight).sum()), 0.5) / max(expected, 1e-9)))
        wide, ones = np.full(1, 1e3), np.ones(1)
        regression = Regression(-wide, wide, np.zeros(1), ones, ones, log_factor)
    return {FILE: json.dumps({"target": rows.target.value, "regression": regression.to_text()})}


def load(artifact: Mapping[str, str]) -> BtydMember:
    """Load the member from its files."""
    payload = json.loads(artifact[FILE])
    return BtydMember(Regression.from_text(payload["regression"]), Target(payload["target"]))


def _column(question: QuestionInputs, target: Target) -> Floats:
    return (question.btyd_log_odds if target is Target.ORDER else question.btyd_log_orders)[:, None]


MEMBER = Member(name="btyd", summary="Buy-till-you-die model, its level corrected", fit=fit, load=load)
