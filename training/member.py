"""Member page: the dataclass with which each file of ``training/members/`` declares one member of the average."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from features.arrays import Floats
from training.inference.average.averaged_question import FittedMember
from training.inference.average.question_inputs import QuestionInputs
from training.inference.average.regression import Regression
from training.inference.average.regression_columns import RegressionColumns
from training.inference.average.regression_member import RegressionMember
from training.model import Artifact, GradientBoostingTrainer


class Target(StrEnum):
    """Target: what a question asks, which is whether a customer orders, or how often."""

    ORDER = "order"
    ORDERS = "orders"


@dataclass(frozen=True)
class QuestionRows:
    """Question rows: n training rows of one question, with outcomes and weights."""

    target: Target
    question: QuestionInputs
    outcome: Floats  # (n,) 0 or 1 for an order, a count for orders
    weight: Floats  # (n,) of the rows, mean 1


class RegressionTrainer(Protocol):
    """Regression trainer: fits one ridge regression."""

    def __call__(self, target: Target, columns: Floats, outcome: Floats, weight: Floats) -> Regression:
        """Fit log-odds or logs on columns (n, k), from outcomes and weights, both (n,)."""
        ...


@dataclass(frozen=True)
class MemberTrainers:
    """Member trainers: what a page receives, so that a serving worker imports it without the training libraries."""

    regression: RegressionTrainer
    boost: GradientBoostingTrainer


@dataclass(frozen=True, kw_only=True)
class Member:
    """Member: one kind of model in the average, fitted for each question and horizon."""

    name: str
    summary: str  # of the model card
    fit: Callable[[QuestionRows, MemberTrainers], Artifact]
    load: Callable[[Mapping[str, str]], FittedMember]


def regression_member(name: str, summary: str, derive: Callable[[QuestionInputs], RegressionColumns]) -> Member:
    """Member page of a ridge regression on derived columns; its only file is named after it."""
    file = f"{name}.json"

    def fit(rows: QuestionRows, trainers: MemberTrainers) -> Artifact:
        columns = derive(rows.question).values
        return {file: trainers.regression(rows.target, columns, rows.outcome, rows.weight).to_text()}

    def load(artifact: Mapping[str, str]) -> RegressionMember:
        return RegressionMember(Regression.from_text(artifact[file]), derive)

    return Member(name=name, summary=summary, fit=fit, load=load)
