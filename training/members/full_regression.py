"""Ridge regression on about 25 columns, which sees trends and rhythm."""

from __future__ import annotations

from collections.abc import Mapping

from training.inference.average.question_inputs import QuestionInputs
from training.inference.average.regression import Regression
from training.inference.average.regression_columns import RegressionColumns
from training.inference.average.regression_member import RegressionMember
from training.member import Member, MemberTrainers, QuestionRows
from training.model import Artifact

FILE = "full_regression.json"


def fit(rows: QuestionRows, trainers: MemberTrainers) -> Artifact:
    """Fit a ridge regression on the full columns."""
    columns = rows.question.full_columns.values
    return {FILE: trainers.regression(rows.target, columns, rows.outcome, rows.weight).to_text()}


def load(artifact: Mapping[str, str]) -> RegressionMember:
    """Load the member from its files."""
    return RegressionMember(Regression.from_text(artifact[FILE]), _columns)


def _columns(question: QuestionInputs) -> RegressionColumns:
    return question.full_columns


MEMBER = Member(name="full_regression", summary="Ridge regression on about 25 columns", fit=fit, load=load)
