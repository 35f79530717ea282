"""Question fitting: only weighted rows teach, and every score that is averaged is of a customer not seen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache

import numpy as np
import pytest

from features.arrays import Floats
from tests.training.simulated_rows import btyd_answers, simulate_shop
from training.fitting.average import question
from training.fitting.average.btyd_answers import BtydAnswers
from training.fitting.average.question import fit_question
from training.inference.average.averaged_question import FittedMember
from training.inference.average.question_inputs import QuestionInputs
from training.member import Member, MemberTrainers, QuestionRows, Target
from training.members import MEMBERS
from training.model import Artifact

pytestmark = pytest.mark.slow

DAYS = 30


@cache
def answers() -> BtydAnswers:
    return btyd_answers(simulate_shop(300, 200).rows((220, 260, 290)))


class Memory:
    """Memory: 1 for every customer whom the fit has seen, known by the spend."""

    def __init__(self, spend: set[float]) -> None:
        self._spend = spend

    def scores(self, asked: QuestionInputs) -> Floats:
        return np.array([float(spend in self._spend) for spend in asked.customers.column("mean_order").tolist()])

    def attributions(self, asked: QuestionInputs) -> Floats:
        return np.zeros((len(asked), len(asked.names) + 1))


def memorise(rows: QuestionRows, _trainers: MemberTrainers) -> Artifact:
    return {"memory.json": json.dumps(rows.question.customers.column("mean_order").tolist())}


def load(artifact: Mapping[str, str]) -> FittedMember:
    return Memory(set(json.loads(artifact["memory.json"])))


def test_the_averaged_scores_are_of_customers_that_no_member_has_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Member(name="memory", summary="It remembers whom it has seen", fit=memorise, load=load)
    monkeypatch.setattr(question, "MEMBERS", {"memory": memory})
    outcome = answers().rows.outcomes.ordered_within(DAYS)
    fitted = fit_question(answers(), Target.ORDER, DAYS, outcome, (outcome >= 0).astype(float))
    assert (fitted.member_scores == 0).all()
    assert (fitted.averaged.members["memory"].scores(answers().question(DAYS, fitted.mask)) == 1).all()


@pytest.mark.parametrize("target", list(Target))
def test_a_row_without_weight_teaches_nothing(target: Target) -> None:
    rows = answers().rows
    outcome = rows.outcomes.ordered_within(DAYS) if target is Target.ORDER else rows.outcomes.orders_within(DAYS)
    weight = (rows.cutoff == 220).astype(float)
    other = np.where(weight > 0, outcome, 1e6)
    first, second = (fit_question(answers(), target, DAYS, values, weight) for values in (outcome, other))
    assert first.artifacts == second.artifacts
    assert first.averaged.weights == second.averaged.weights
    assert first.mask.tolist() == (rows.cutoff == 220).tolist()
    assert len(first.scores) == first.mask.sum()


def test_the_scores_of_the_rows_are_the_average_of_those_of_the_members() -> None:
    outcome = answers().rows.outcomes.ordered_within(DAYS)
    fitted = fit_question(answers(), Target.ORDER, DAYS, outcome, (outcome >= 0).astype(float))
    weights = np.array([fitted.averaged.weights[name] for name in MEMBERS])
    assert fitted.scores == pytest.approx(fitted.member_scores @ weights + fitted.averaged.intercept)


def test_customers_of_one_fold_alone_are_fitted_all_the_same() -> None:
    rows = answers().rows
    weight = ((rows.cutoff == 220) & (rows.fold == 0)).astype(float)
    fitted = fit_question(answers(), Target.ORDER, DAYS, rows.outcomes.ordered_within(DAYS), weight)
    assert np.isfinite(fitted.averaged.scores(answers().question(DAYS, weight > 0))).all()
    assert list(fitted.averaged.weights.values()) == pytest.approx([1 / len(MEMBERS)] * len(MEMBERS))
