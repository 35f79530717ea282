"""Last window: the best ranking member on the level of the newest finished window, for a release that is refuted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.arrays import Booleans, Floats
from tests.training.shops import cached_for_session, corner_tiers
from training import metrics
from training.fitting.average.fit import FittedAverage
from training.fitting.average.last_window import last_window_tier
from training.fitting.average.question import FittedQuestion
from training.inference.average.average_tier import AverageTier
from training.inference.log_odds import sigmoid
from training.members import MEMBERS

pytestmark = pytest.mark.slow


def average() -> FittedAverage:
    fitted = corner_tiers()["average"].average
    assert fitted is not None
    return fitted


@cached_for_session
def last_window() -> AverageTier:
    return last_window_tier(average())


def answered_by(weights: dict[str, float]) -> str:
    """The one member with a weight."""
    (name,) = [name for name, weight in weights.items() if weight > 0]
    return name


def newest_scores(question: FittedQuestion) -> tuple[Floats, Booleans]:
    """The scores of each member in the newest window of a question, and the mask of its rows among all."""
    rows = average().answers.rows
    newest = question.mask & (rows.cutoff == rows.cutoff[question.mask].max())
    return question.member_scores[newest[question.mask]], newest


def test_one_member_answers_each_question() -> None:
    for question in (last_window().churn, *last_window().orders):
        assert set(question.weights) == set(MEMBERS)
        assert answered_by(dict(question.weights)) in MEMBERS


def test_it_is_the_member_that_ranked_the_newest_window_best() -> None:
    question = average().churn
    scores, newest = newest_scores(question)
    came = average().answers.rows.outcomes.ordered_within(question.averaged.days)[newest]
    areas = [metrics.auc(column, came) for column in scores.T]
    assert answered_by(dict(last_window().churn.weights)) == list(MEMBERS)[int(np.argmax(areas))]


def test_buyers_and_orders_are_on_the_level_of_the_newest_window() -> None:
    rows = average().answers.rows
    for question, leveled in zip(average().orders, last_window().orders, strict=True):
        scores, newest = newest_scores(question)
        weights = np.array([leveled.weights[name] for name in MEMBERS])
        predicted = np.exp(scores @ weights + leveled.intercept).sum()
        assert predicted == pytest.approx(rows.outcomes.orders_within(leveled.days)[newest].sum())
    scores, newest = newest_scores(average().churn)
    churn = last_window().churn
    weights = np.array([churn.weights[name] for name in MEMBERS])
    predicted = sigmoid(scores @ weights + churn.intercept).sum()
    assert predicted == pytest.approx(rows.outcomes.ordered_within(churn.days)[newest].sum(), rel=1e-3)


def test_a_business_that_fell_to_a_fifth_is_answered_on_the_new_level() -> None:
    fitted = average()
    rows = fitted.answers.rows
    newest = rows.cutoff == rows.cutoff[fitted.churn.mask].max()
    fell = (rows.cutoff >= rows.cutoff[fitted.churn.mask].max()) & (rows.customer % 5 > 0)
    outcomes = replace(
        rows.outcomes,
        wait_days=np.where(fell, np.inf, rows.outcomes.wait_days),
        orders=np.where(fell[:, None], 0.0 * rows.outcomes.orders, rows.outcomes.orders),
        spend=np.where(fell[:, None], 0.0 * rows.outcomes.spend, rows.outcomes.spend),
    )
    after = replace(fitted, answers=replace(fitted.answers, rows=replace(rows, outcomes=outcomes)))
    tier, inputs = last_window_tier(after), rows.inputs[newest]
    now, before = (one.answer(inputs, np.array([30.0, 60.0])) for one in (tier, fitted.tier))
    assert (now.order_by[:, 1].sum() / before.order_by[:, 1].sum()) == pytest.approx(0.2, abs=0.1)
    assert now.orders.sum(axis=0) / before.orders.sum(axis=0) == pytest.approx([0.2, 0.2], abs=0.1)
    assert now.spend is not None
    assert before.spend is not None
    assert now.spend.sum(axis=0) / before.spend.sum(axis=0) == pytest.approx([0.2, 0.2], abs=0.1)


def test_a_ranking_survives_where_the_newest_window_shows_none() -> None:
    fitted = average()
    rows = fitted.answers.rows
    shuffled = rows.select(np.random.default_rng(0).permutation(len(rows))).outcomes
    nonsense = replace(rows.outcomes, wait_days=shuffled.wait_days)
    tier = last_window_tier(replace(fitted, answers=replace(fitted.answers, rows=replace(rows, outcomes=nonsense))))
    assert max(tier.churn.weights.values()) > 0
