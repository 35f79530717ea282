"""Member losses: the loss of the average, of each member and of two baselines on customers left out of their fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.dataset.outcomes import Rows
from training.fitting.average.fit import FittedAverage
from training.fitting.average.question import FOLDS, FittedQuestion
from training.fitting.average.ridge_regression import fit_ridge_regression
from training.inference.average.averaged_question import AveragedQuestion
from training.member import Target
from training.members import MEMBERS

BASELINES: Mapping[str, Callable[[Rows], Floats]] = {
    "recency": lambda rows: np.log1p(rows.column("recency_days")),
    "frequency": lambda rows: np.log(np.maximum(rows.column("orders"), 1.0)),
}


@dataclass(frozen=True)
class QuestionLosses:
    """Question losses: the mean loss of each contestant on the rows of one question; lower is better."""

    target: Target
    days: int
    weights: Mapping[str, float]  # member -> its weight in the average that answers
    average: float  # the weights were chosen on the same rows
    members: Mapping[str, float]
    baselines: Mapping[str, float]  # of a regression on that one number


def losses_by_model(average: FittedAverage) -> dict[str, list[QuestionLosses]]:
    """Losses of the questions that each model's answers rest on; the curve of the next purchase has churn's level."""
    rows, tier = average.answers.rows, average.tier
    churn = question_losses(rows, average.churn, tier.churn)
    orders = [question_losses(rows, *pair) for pair in zip(average.orders, tier.orders, strict=True)]
    return {"churn": [churn], "next_purchase": [churn], "ltv": orders}


def question_losses(rows: Rows, question: FittedQuestion, averaged: AveragedQuestion) -> QuestionLosses:
    """Losses of one question.

    Args:
        rows: all training rows.
        question: with the scores of its rows by members that had not seen their customers.
        averaged: the weights with which the question is answered.
    """
    weights = np.array([averaged.weights.get(name, 0.0) for name in MEMBERS])
    scores = question.member_scores @ weights + averaged.intercept
    taught = rows.select(question.mask)
    return QuestionLosses(
        question.target,
        averaged.days,
        dict(averaged.weights),
        _mean_loss(question, scores),
        {name: _mean_loss(question, question.member_scores[:, column]) for column, name in enumerate(MEMBERS)},
        {
            name: _mean_loss(question, _scores_left_out(question, column(taught), taught))
            for name, column in BASELINES.items()
        },
    )


def _scores_left_out(question: FittedQuestion, column: Floats, taught: Rows) -> Floats:
    """Scores, (n,), of a regression on one column, (n,), by fits on the customers of the other fold."""
    scores = np.zeros(len(column))
    for left_out in FOLDS:
        test = taught.fold == left_out
        if test.any() and not test.all():
            regression = fit_ridge_regression(
                question.target, column[~test, None], question.outcome[~test], question.weight[~test]
            )
            scores[test] = regression.scores(column[test, None])
    return scores


def _mean_loss(question: FittedQuestion, scores: Floats) -> float:
    loss = log_loss if question.target is Target.ORDER else poisson_deviance
    return float(np.average(loss(scores, question.outcome), weights=question.weight))


def log_loss(log_odds: Floats, outcome: Floats) -> Floats:
    """Log loss (Good 1952) of each customer, (n,), from log-odds and outcomes 0 or 1."""
    return np.logaddexp(0.0, log_odds) - outcome * log_odds


def poisson_deviance(log_orders: Floats, orders: Floats) -> Floats:
    """Poisson deviance (McCullagh & Nelder 1989, section 2.3) of each customer, (n,), from the log of the mean."""
    came = np.where(orders > 0, orders, 1.0)
    return np.asarray(2 * (orders * (np.log(came) - log_orders) - orders + np.exp(log_orders)))
