"""Beta interval: a share and its 80 % interval."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from training.preferences.beta_interval import beta_interval

WEIGHTS = st.lists(st.tuples(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3)), min_size=1, max_size=6)


@given(WEIGHTS)
def test_a_share_lies_in_its_interval_and_this_between_0_and_1(weights: list[tuple[float, float]]) -> None:
    interval = beta_interval(*np.array(weights).T)
    assert (interval.p10 >= 0).all()
    assert (interval.p10 <= interval.mean).all()
    assert (interval.mean <= interval.p90).all()
    assert (interval.p90 <= 1).all()


def test_the_interval_is_that_of_the_beta_distribution() -> None:
    interval = beta_interval(np.array([3.0, 40.0, 3.0]), np.array([7.0, 2.0, 7.0]))
    assert interval.mean == pytest.approx([0.3, 40 / 42, 0.3])
    assert interval.p10 == pytest.approx(beta.ppf(0.1, [3, 40, 3], [7, 2, 7]))
    assert interval.p90 == pytest.approx(beta.ppf(0.9, [3, 40, 3], [7, 2, 7]))


def test_a_share_without_failures_is_1() -> None:
    interval = beta_interval(np.array([3.0]), np.array([0.0]))
    assert (interval.mean[0], interval.p10[0], interval.p90[0]) == pytest.approx((1.0, 1.0, 1.0))
