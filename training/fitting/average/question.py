"""Question fitting: the members of one question on all rows, and their weights on customers they have not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Floats
from training.fitting.average.btyd_answers import BtydAnswers
from training.fitting.average.ridge_regression import fit_ridge_regression
from training.fitting.average.stacking import fit_weights
from training.fitting.gradient_boosting import fit_gradient_boosting
from training.inference.average.averaged_question import AveragedQuestion
from training.member import Member, MemberTrainers, QuestionRows, Target
from training.members import MEMBERS
from training.model import Artifact

TRAINERS = MemberTrainers(fit_ridge_regression, fit_gradient_boosting)
FOLDS = (0, 1)


@dataclass(frozen=True)
class FittedQuestion:
    """Fitted question: the average, its files, and its scores of the training rows by models that had not seen them."""

    averaged: AveragedQuestion
    artifacts: dict[str, Artifact]  # member -> files
    target: Target
    mask: Booleans  # (rows,) those that taught
    outcome: Floats  # (n,) of the masked rows
    weight: Floats  # (n,)
    scores: Floats  # (n,) of the masked rows, left out of the fit
    member_scores: Floats  # (n, members)


def fit_question(answers: BtydAnswers, target: Target, days: int, outcome: Floats, weight: Floats) -> FittedQuestion:
    """Fit every member on the weighted rows, and average them.

    Args:
        answers: the rows, with BTYD's answers.
        target: what is asked.
        days: the horizon.
        outcome: (rows,) 0 or 1, or counts; read where the weight is above 0.
        weight: (rows,) 0 for the rows that do not teach.
    """
    mask = weight > 0
    fold = answers.rows.fold[mask]
    rows = QuestionRows(target, answers.question(days, mask), outcome[mask], weight[mask])
    scores = np.empty((len(fold), len(MEMBERS)))
    for left_out in FOLDS:
        test = fold == left_out
        for column, member in enumerate(MEMBERS.values()):
            scores[test, column] = _scores_left_out(member, rows, test) if test.any() else 0.0
    weights, intercept = (
        fit_weights(target, scores, rows.outcome, rows.weight)
        if len(np.unique(fold)) == len(FOLDS)
        else (np.full(len(MEMBERS), 1 / len(MEMBERS)), 0.0)  # nobody was left out to judge them
    )
    artifacts = {name: member.fit(rows, TRAINERS) for name, member in MEMBERS.items()}
    averaged = AveragedQuestion(
        days,
        intercept,
        dict(zip(MEMBERS, weights.tolist(), strict=True)),
        {name: MEMBERS[name].load(files) for name, files in artifacts.items()},
    )
    return FittedQuestion(
        averaged, artifacts, target, mask, rows.outcome, rows.weight, scores @ weights + intercept, scores
    )


def _scores_left_out(member: Member, rows: QuestionRows, test: Booleans) -> Floats:
    """Scores of the rows under the mask by a fit on the others; on the same where there are no others."""
    others = test if test.all() else ~test
    train = QuestionRows(rows.target, rows.question.select(others), rows.outcome[others], rows.weight[others])
    return member.load(member.fit(train, TRAINERS)).scores(rows.question.select(test))
