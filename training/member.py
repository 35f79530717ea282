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
from training.model import Artifact, GradientBoostingTrainer


class Target(StrEnum):
    """What a question asks: whether a customer orders, or how often."""

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
    """Fits one ridge regression."""

    def __call__(self, target: Target, columns: Floats, outcome: Floats, weight: Floats) -> Regression:
        """Fit log-odds or logs on columns (n, k), from outcomes and weights, both (n,)."""
        ...


@dataclass(frozen=True)
class MemberTrainers:
    """Training functions that a member page receives, so that a serving worker imports it without these libraries."""

    regression: RegressionTrainer
    boost: GradientBoostingTrainer


@dataclass(frozen=True, kw_only=True)
class Member:
    """Member: one model of the average, the same for each question and horizon."""

    name: str
    summary: str  # of the model card
    fit: Callable[[QuestionRows, MemberTrainers], Artifact]
    load: Callable[[Mapping[str, str]], FittedMember]
