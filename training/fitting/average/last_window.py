"""Last window: the best ranking on the level of the newest finished window, for a release that its test refutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from features.arrays import Booleans, Floats
from training import metrics
from training.fitting.average.fit import FittedAverage
from training.fitting.average.level_shift import level_shift
from training.fitting.average.question import FittedQuestion
from training.fitting.average.ridge_regression import fit_ridge_regression
from training.fitting.spend_distribution import fit_spend_distribution
from training.inference.average.average_tier import AverageTier
from training.inference.spend_distribution import SpendDistribution
from training.member import Target
from training.members import MEMBERS

MIN_SLOPE = 0.05  # of the log-odds, so that a ranking survives


def last_window_tier(average: FittedAverage) -> AverageTier:
    """The average's tier with one member per question, and the level of the newest finished window.

    The member is the one whose ranking of customers left out was best in that window. Nothing earlier counts: the
    newest origin has shown that it does not carry over.
    """
    spend = average.tier.spend
    orders = tuple(_relevel(average, question, Target.ORDERS) for question in average.orders)
    if spend is not None and average.spend is not None:
        spend = tuple(
            replace(fitted.model, value_ratio=fitted.model.value_ratio * _spend_ratio(average, question, fitted.mean))
            for question, fitted in zip(average.orders, average.spend, strict=True)
        )
    churn = _relevel(average, average.churn, Target.ORDER).averaged
    return replace(
        average.tier,
        churn=churn,
        curve=average.tier.curve.with_spread(sum(churn.weights.values())),
        orders=tuple(question.averaged for question in orders),
        spend=spend,
        long_tenure=None,
    )


def _relevel(average: FittedAverage, question: FittedQuestion, target: Target) -> FittedQuestion:
    newest, outcome = _newest_window(average, question, target)
    scores = question.member_scores[newest]
    ranks = np.nan_to_num([metrics.auc(column, np.minimum(outcome, 1.0)) for column in scores.T], nan=0.0)
    best = int(np.argmax(ranks))
    slope, intercept = _level(target, scores[:, best], outcome)
    weights = {name: slope if position == best else 0.0 for position, name in enumerate(MEMBERS)}
    return replace(question, averaged=replace(question.averaged, weights=weights, intercept=intercept))


def _newest_window(average: FittedAverage, question: FittedQuestion, target: Target) -> tuple[Booleans, Floats]:
    """Mask of the rows of the newest cutoff among those that taught the question, and their outcomes."""
    rows = average.answers.rows.select(question.mask)
    newest, days = rows.cutoff == rows.cutoff.max(), question.averaged.days
    outcomes = rows.outcomes
    outcome = outcomes.ordered_within(days) if target is Target.ORDER else outcomes.orders_within(days)
    return newest, outcome[newest]


def _level(target: Target, scores: Floats, outcome: Floats) -> tuple[float, float]:
    """Slope and intercept of the scores that fit the window (Platt 1999); for orders, the factor of the total alone."""
    if target is Target.ORDERS:
        return 1.0, float(np.log(max(float(outcome.sum()), 0.5) / max(float(np.exp(scores).sum()), 1e-9)))
    fitted = fit_ridge_regression(target, scores[:, None], outcome, np.ones(len(outcome)))
    slope = float(fitted.coefficients[0] / fitted.scale[0])
    if slope >= MIN_SLOPE:
        return slope, float(fitted.intercept - slope * fitted.mean[0])
    share = float(np.clip(outcome.mean(), 0.5 / len(outcome), 1 - 0.5 / len(outcome)))
    return MIN_SLOPE, level_shift(MIN_SLOPE * scores, share)


def _spend_ratio(average: FittedAverage, question: FittedQuestion, mean: Floats) -> float:
    """Spend over the spend predicted in the newest window."""
    rows = average.answers.rows.select(question.mask)
    newest = rows.cutoff == rows.cutoff.max()
    actual, predicted = (
        float(rows.outcomes.spend_within(question.averaged.days)[newest].sum()),
        float(mean[newest].sum()),
    )
    orders = rows.outcomes.orders_within(question.averaged.days)[newest]
    # The orders are on the level of the window already; only the value of an order is left.
    level = float(orders.sum()) / max(float(np.exp(question.scores[newest]).sum()), 1e-9)
    return actual / max(predicted * level, 1e-9) if actual > 0 and level > 0 else 1.0


def last_window_spend_distributions(average: FittedAverage, learned: Sequence[int]) -> list[SpendDistribution]:
    """Distributions of the spend in the newest window around the last window's own mean, one per learned horizon.

    Args:
        average: with the tier of ``last_window_tier``.
        learned: the learned horizons in days.
    """
    distributions = []
    for position, (days, question) in enumerate(zip(learned, average.orders, strict=True)):
        rows = average.answers.rows.select(question.mask)
        newest = rows.select(rows.cutoff == rows.cutoff.max())
        answer = average.tier.answer(newest.inputs, np.array([float(days)]))
        mean = np.full(len(newest), np.nan) if answer.spend is None else answer.spend[:, position]
        distributions.append(fit_spend_distribution(answer.order_by[:, 0], mean, newest.outcomes.spend_within(days)))
    return distributions
