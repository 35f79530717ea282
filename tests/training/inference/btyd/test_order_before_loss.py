"""Order before loss: the special function of Pareto/NBD agrees with SciPy, is symmetric and handles extremes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy.special import hyp2f1

from training.inference.btyd.order_before_loss import order_before_loss


def log_uniform(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(math.log(low), math.log(high)).map(math.exp)


def order_and_loss(n: float, alpha: float, s: float, beta: float, age: float) -> tuple[float, float]:
    ordered, lost = order_before_loss(np.array([n]), alpha, s, beta, np.array([age]))
    return float(ordered[0]), float(lost[0])


@given(log_uniform(0.05, 600), log_uniform(5, 500), log_uniform(0.05, 20), log_uniform(5, 500), st.floats(0, 5000))
def test_it_is_the_published_hypergeometric_function(n: float, alpha: float, s: float, beta: float, age: float) -> None:
    longer, shorter = max(alpha, beta) + age, min(alpha, beta) + age
    # SciPy loses digits as its argument nears 1.
    z = 1 - shorter / longer
    assume(z < 0.6)
    expected = hyp2f1(1, s, n + s + 1, z) if alpha < beta else shorter / longer * hyp2f1(1, n + 1, n + s + 1, z)
    assert order_and_loss(n, alpha, s, beta, age)[0] == pytest.approx(n / (n + s) * expected, rel=1e-9)


def test_with_one_scale_the_stronger_comes_first_in_proportion() -> None:
    assert order_and_loss(3.0, 50.0, 1.0, 50.0, 20.0) == (0.75, 0.25)


@given(
    log_uniform(1e-3, 1000), log_uniform(1e-2, 1e6), log_uniform(1e-3, 1000), log_uniform(1e-2, 1e6), st.floats(0, 1e5)
)
@example(n=1e-3, alpha=1e-2, s=1000.0, beta=1e6, age=0.0)
@example(n=1000.0, alpha=1e6, s=1e-3, beta=1e-2, age=0.0)
def test_one_of_the_two_comes_first_whatever_the_rates(
    n: float, alpha: float, s: float, beta: float, age: float
) -> None:
    ordered, lost = order_and_loss(n, alpha, s, beta, age)
    assert 0 < ordered < 1 or lost < 1e-12
    assert 0 < lost < 1 or ordered < 1e-12
    assert ordered + lost == pytest.approx(1.0, abs=1e-12)


@given(log_uniform(0.01, 500), log_uniform(1, 1000), log_uniform(0.01, 50), log_uniform(1, 1000), st.floats(0, 1000))
def test_order_and_loss_can_change_names(n: float, alpha: float, s: float, beta: float, age: float) -> None:
    assert order_and_loss(n, alpha, s, beta, age) == order_and_loss(s, beta, n, alpha, age)[::-1]


@given(log_uniform(0.05, 500), log_uniform(1, 1000), log_uniform(0.05, 50), log_uniform(1, 1000), st.floats(1, 1000))
def test_it_changes_with_age_as_its_two_rates_say(n: float, alpha: float, s: float, beta: float, age: float) -> None:
    order_rate, loss_rate = n / (alpha + age), s / (beta + age)
    step = 1e-4 / (order_rate + loss_rate + 1 / (alpha + age) + 1 / (beta + age))
    slope = (order_and_loss(n, alpha, s, beta, age + step)[0] - order_and_loss(n, alpha, s, beta, age - step)[0]) / (
        2 * step
    )
    ordered, lost = order_and_loss(n, alpha, s, beta, age)
    assert slope == pytest.approx(loss_rate * ordered - order_rate * lost, abs=1e-5 * (order_rate + loss_rate))


def test_a_young_customer_does_not_change_the_answer_of_an_old_one() -> None:
    n, age = np.array([0.5, 0.5]), np.array([0.0, 700.0])
    together, _ = order_before_loss(n, 0.5, 0.6, 2000.0, age)
    assert together[1] == pytest.approx(order_and_loss(0.5, 0.5, 0.6, 2000.0, 700.0)[0], rel=1e-12)
