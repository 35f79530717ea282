"""Days since the last order alone: a fifth member, which tests put beside the four."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.inference.average.question_inputs import QuestionInputs
from training.member import Member, MemberTrainers, QuestionRows
from training.model import Artifact

FILE = "silence.json"
LONGEST = 1_000.0


@dataclass(frozen=True)
class Silence:
    """The share of the longest silence, taken from a level."""

    level: float

    def scores(self, question: QuestionInputs) -> Floats:
        """The level minus the share, (n,)."""
        return self.level - question.customers.column("recency_days") / LONGEST

    def attributions(self, question: QuestionInputs) -> Floats:
        """All of it is the silence, (n, names + 1)."""
        terms = np.zeros((len(question), len(question.names) + 1))
        terms[:, question.names.index("recency_days")] = self.scores(question) - self.level
        return terms


def fit(rows: QuestionRows, _trainers: MemberTrainers) -> Artifact:
    """The mean outcome as the level."""
    return {FILE: json.dumps({"level": float(np.average(rows.outcome, weights=rows.weight))})}


def load(artifact: Mapping[str, str]) -> Silence:
    """Load the member from its files."""
    return Silence(json.loads(artifact[FILE])["level"])


MEMBER = Member(name="silence", summary="Days since the last order", fit=fit, load=load)
