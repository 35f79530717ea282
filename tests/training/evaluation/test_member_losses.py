"""Member losses: computed by hand for a handful of customers, and on customers left out for the baselines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.arrays import Floats
from tests.training.by_hand import outcomes_of, rows_of
from training.dataset.outcomes import Rows
from training.evaluation.member_losses import log_loss, poisson_deviance, question_losses
from training.fitting.average.question import FittedQuestion
from training.inference.average.averaged_question import AveragedQuestion
from training.member import Target
from training.members import MEMBERS

DAYS = 30
EQUAL = dict.fromkeys(MEMBERS, 1 / len(MEMBERS))


def rows_with_recency(recency: list[float], ordered: list[float]) -> Rows:
    wait = [1.0 if came else np.inf for came in ordered]
    return rows_of(outcomes_of(wait, [60.0] * len(wait)), recency_days=recency)


def fitted_question(
    rows: Rows, outcome: list[float], member_scores: Floats, target: Target = Target.ORDER
) -> FittedQuestion:
    """A fitted question with the given scores of its members, averaged with equal weights."""
    return FittedQuestion(
        averaged=AveragedQuestion(DAYS, 0.0, EQUAL, {}),
        artifacts={},
        target=target,
        mask=np.ones(len(rows), dtype=bool),
        outcome=np.array(outcome),
        weight=np.ones(len(rows)),
        scores=member_scores.mean(axis=1),
        member_scores=member_scores,
    )


def test_a_coin_toss_costs_the_logarithm_of_two() -> None:
    assert log_loss(np.zeros(2), np.array([0.0, 1.0])) == pytest.approx([np.log(2)] * 2)


def test_a_right_count_has_no_deviance_and_a_count_without_orders_twice_its_expectation() -> None:
    assert poisson_deviance(np.log([3.0, 0.5]), np.array([3.0, 0.0])) == pytest.approx([0.0, 1.0])
    assert poisson_deviance(np.log([1.0]), np.array([2.0])) == pytest.approx([2 * (2 * np.log(2) - 1)])


def test_each_member_has_the_loss_of_its_own_scores_and_the_average_that_of_the_weights_that_answer() -> None:
    rows, names = rows_with_recency([1.0] * 4, [1, 0, 1, 0]), list(MEMBERS)
    scores = np.zeros((4, len(names)))
    scores[:, 0] = [2.0, -2.0, 2.0, -2.0]
    question = fitted_question(rows, [1, 0, 1, 0], scores)
    losses = question_losses(rows, question, question.averaged)
    assert losses.members[names[0]] == pytest.approx(np.log1p(np.exp(-2.0)))
    assert losses.members[names[1]] == pytest.approx(np.log(2))
    assert losses.average == pytest.approx(np.log1p(np.exp(-2.0 / len(names))))
    alone = replace(question.averaged, weights={**dict.fromkeys(names, 0.0), names[0]: 1.0})
    assert question_losses(rows, question, alone).average == pytest.approx(losses.members[names[0]])


def test_a_row_of_greater_weight_counts_more() -> None:
    rows = rows_with_recency([1.0] * 2, [1, 0])
    question = fitted_question(rows, [1, 0], np.full((2, len(MEMBERS)), 2.0))
    heavy = replace(question, weight=np.array([3.0, 1.0]))
    assert question_losses(rows, heavy, heavy.averaged).average == pytest.approx(
        (3 * np.log1p(np.exp(-2.0)) + np.log1p(np.exp(2.0))) / 4
    )


def test_a_baseline_is_judged_on_customers_that_it_was_not_fitted_on() -> None:
    """Two folds in which recency predicts churn with opposite signs, so that a fit on one fails on the other."""
    recency, ordered = [1.0, 100.0, 100.0, 1.0] * 20, [1.0, 1.0, 0.0, 0.0] * 20
    rows = rows_with_recency(recency, ordered)
    question = fitted_question(rows, ordered, np.zeros((len(rows), len(MEMBERS))))
    losses = question_losses(rows, question, question.averaged)
    assert losses.baselines["recency"] > 2 * np.log(2)
    assert losses.baselines["frequency"] == pytest.approx(np.log(2), abs=0.01)


def test_a_baseline_that_tells_customers_apart_has_a_small_loss() -> None:
    recency, ordered = [1.0, 1.0, 100.0, 100.0] * 20, [1.0, 1.0, 0.0, 0.0] * 20
    rows = rows_with_recency(recency, ordered)
    question = fitted_question(rows, ordered, np.zeros((len(rows), len(MEMBERS))), Target.ORDERS)
    assert question_losses(rows, question, question.averaged).baselines["recency"] < 0.5
