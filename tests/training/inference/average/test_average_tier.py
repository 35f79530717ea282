"""Average tier: one coherent set of answers from all questions, which ranks customers alike at every horizon."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from features.arrays import Floats
from tests.training.shops import cached_for_session, corner_shop, corner_tiers
from training.inference.average.average_tier import AverageTier, LongTenure
from training.inference.average.averaged_question import AveragedQuestion
from training.inference.log_odds import logit, sigmoid
from training.inference.tiers.base import TierAnswer

pytestmark = pytest.mark.slow

DAYS = np.array([0.0, 1, 7, 14, 30, 45, 60, 90, 200, 365, 730])


def tier() -> AverageTier:
    average = corner_tiers()["average"].tiered_model.tier
    assert isinstance(average, AverageTier)
    return average


@cached_for_session
def buyers() -> Floats:
    today = corner_shop().population()
    return today.inputs[today.column("orders") >= 1]


@cached_for_session
def answer() -> TierAnswer:
    return tier().answer(buyers(), DAYS)


def ranks(values: Floats) -> Floats:
    return np.unique(values.round(9), return_inverse=True)[1].astype(float)


def rank_correlation(left: Floats, right: Floats) -> float:
    """Spearman's rank correlation."""
    return float(np.corrcoef(ranks(left), ranks(right))[0, 1])


def test_p_order_never_falls_with_time_and_stays_a_probability() -> None:
    order_by = answer().order_by
    assert (order_by[:, 0] == 0).all()
    assert (np.diff(order_by, axis=1) >= 0).all()
    assert ((order_by >= 0) & (order_by <= 1)).all()


def test_the_churn_question_sets_the_level_of_the_curve_at_its_horizon() -> None:
    asked = tier().churn
    question = tier().questions(buyers())[tier().position(asked.days)]
    order_by = answer().order_by[:, DAYS.tolist().index(asked.days)]
    assert order_by == pytest.approx(sigmoid(asked.scores(question)), abs=1e-6)


def test_a_change_of_the_churn_question_moves_the_whole_curve() -> None:
    less_likely = replace(tier(), churn=replace(tier().churn, intercept=tier().churn.intercept - 1))
    moved = less_likely.answer(buyers(), DAYS).order_by[:, 1:]
    assert (moved < answer().order_by[:, 1:]).all()


def test_every_horizon_tells_customers_apart_and_ranks_them_alike() -> None:
    by_day = answer().order_by[:, 1:].T
    assert (by_day.std(axis=1) > 1e-3).all()
    for earlier, later in pairwise(by_day):
        assert rank_correlation(earlier, later) > 0.9
    month, horizon = (answer().order_by[:, DAYS.tolist().index(days)] for days in (30.0, 60.0))
    assert rank_correlation(month, horizon) > 0.5


def test_who_is_likelier_to_order_is_expected_to_order_more() -> None:
    assert rank_correlation(answer().order_by[:, DAYS.tolist().index(60.0)], answer().orders[:, -1]) > 0.9


def test_orders_and_spend_are_finite_and_positive_for_anybody() -> None:
    unknown = np.full((3, buyers().shape[1]), np.nan)
    for answers in (answer(), tier().answer(unknown, DAYS)):
        assert answers.spend is not None
        for table in (answers.order_by, answers.orders, answers.spend):
            assert np.isfinite(table).all()
            assert (table >= 0).all()


def test_the_days_that_are_asked_do_not_change_the_answers() -> None:
    alone = tier().answer(buyers()[:20], np.array([0.0, 60.0]))
    assert alone.order_by[:, 1] == pytest.approx(answer().order_by[:20, DAYS.tolist().index(60.0)])
    assert np.array_equal(alone.orders, tier().answer(buyers()[:20], DAYS).orders)


def test_the_average_is_the_weighted_sum_of_its_members_scores() -> None:
    asked, questions = tier().churn, tier().questions(buyers())
    question = questions[tier().position(asked.days)]
    total = sum(weight * asked.members[name].scores(question) for name, weight in asked.weights.items())
    assert asked.scores(question) == pytest.approx(asked.intercept + total)
    alone = AveragedQuestion(asked.days, 0.0, {"btyd": 1.0}, asked.members)
    assert alone.scores(question) == pytest.approx(asked.members["btyd"].scores(question))


def test_what_the_inputs_add_to_the_average_makes_up_its_score_but_for_a_constant() -> None:
    for asked in (tier().churn, *tier().orders):
        question = tier().questions(buyers())[tier().position(asked.days)]
        assert np.ptp(asked.scores(question) - asked.attributions(question).sum(axis=1)) < 1e-9


def test_customers_older_than_any_that_taught_lean_on_btyd() -> None:
    tenure = buyers()[:, tier().names.index("tenure_days")]
    short_log = replace(tier(), long_tenure=LongTenure(float(np.median(tenure)), 0.4))
    asked = tier().orders[-1]
    question = tier().questions(buyers())[tier().position(asked.days)]
    old, plain = tenure > np.median(tenure), asked.scores(question)
    leaned = short_log.log_orders(asked, question)
    assert leaned[~old] == pytest.approx(plain[~old])
    assert leaned[old] == pytest.approx((0.6 * plain + 0.4 * question.btyd_log_orders)[old])
    assert np.array_equal(short_log.answer(buyers(), DAYS).order_by, answer().order_by)
    terms = short_log.log_orders_attributions(question).sum(axis=1)
    assert np.ptp((leaned - terms)[old]) < 1e-9
    assert np.ptp((leaned - terms)[~old]) < 1e-9


def test_the_log_odds_of_an_order_are_finite_for_the_surest_and_the_least_likely() -> None:
    assert np.isfinite(logit(answer().order_by[:, 1:])).all()
