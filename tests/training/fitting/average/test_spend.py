"""Spend fitting: orders times value keeps the total that came, and half of what trees correct is added."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from features.arrays import Floats
from tests.training.simulated_rows import btyd_answers, simulate_shop
from training.fitting.average.btyd_answers import BtydAnswers
from training.fitting.average.question import FittedQuestion, fit_question
from training.fitting.average.spend import FittedSpend, fit_spend
from training.member import Target

pytestmark = pytest.mark.slow

DAYS = 60


@cache
def answers() -> BtydAnswers:
    return btyd_answers(simulate_shop(300, 300).rows((180, 210, 240, 270)))


@cache
def orders() -> FittedQuestion:
    outcome = answers().rows.outcomes.orders_within(DAYS)
    return fit_question(answers(), Target.ORDERS, DAYS, outcome, (outcome >= 0).astype(float))


def actual() -> Floats:
    return answers().rows.outcomes.spend_within(DAYS)


def fit(spend: Floats) -> FittedSpend:
    return fit_spend(answers(), orders(), spend)


def predict(fitted: FittedSpend, value: float = 1.0) -> Floats:
    """Predicted spend of the rows that taught, their order values times a factor."""
    question = answers().question(DAYS, orders().mask)
    changed = question.customers.inputs.copy()
    changed[:, question.names.index("mean_order")] *= value
    return fitted.model.predict(
        replace(question, customers=replace(question.customers, inputs=changed)), orders().scores
    )


def test_the_total_is_the_one_that_came() -> None:
    assert predict(fit(actual())).sum() == pytest.approx(actual()[orders().mask].sum(), rel=0.1)
    assert fit(actual()).mean.sum() == pytest.approx(actual()[orders().mask].sum(), rel=0.1)


def test_spend_in_another_currency_is_that_many_times_as_much() -> None:
    assert predict(fit(100 * actual())) == pytest.approx(100 * predict(fit(actual())), rel=0.15)


def test_a_customer_whose_orders_are_larger_than_any_seen_is_followed() -> None:
    usual, giant = predict(fit(actual())), predict(fit(actual()), value=20.0)
    regular = answers().rows.column("orders")[orders().mask] >= 9
    assert (giant > 6 * usual)[regular].all()


def test_one_giant_order_hardly_moves_the_others() -> None:
    giant = actual().copy()
    giant[int(np.flatnonzero(orders().mask)[0])] = 1e7
    assert np.median(predict(fit(giant))) == pytest.approx(np.median(predict(fit(actual()))), rel=0.25)


def test_a_shop_where_nobody_spends_is_fitted() -> None:
    spend = predict(fit(np.where(np.isnan(actual()), np.nan, 0.0)))
    assert np.isfinite(spend).all()
    assert spend.sum() < 1


def test_the_unseen_means_are_of_models_that_had_not_seen_the_customer() -> None:
    mask = orders().mask
    fold = answers().rows.fold[mask]
    changed = np.where((answers().rows.fold == 0) & mask, 3 * actual(), actual())
    # The ratio is of all customers, but the trees' part differs only for the customers of the other fold.
    first, second = fit(actual()), fit(changed)
    moved = np.log(second.mean / first.mean)
    assert np.abs(moved[fold == 1]).mean() > np.abs(moved[fold == 0]).mean()
