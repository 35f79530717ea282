"""A share is given with the interval that holds it four times out of five."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from training.preferences.beta_interval import beta_interval

WEIGHTS = st.lists(st.tuples(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3)), min_size=1, max_size=6)


@given(WEIGHTS)
def test_a_share_lies_in_its_interval_and_this_between_nothing_and_all(weights: list[tuple[float, float]]) -> None:
    found = beta_interval(*np.array(weights).T)
    assert (found.p10 >= 0).all()
    assert (found.p10 <= found.mean).all()
    assert (found.mean <= found.p90).all()
    assert (found.p90 <= 1).all()


def test_the_interval_is_that_of_the_beta_distribution() -> None:
    found = beta_interval(np.array([3.0, 40.0, 3.0]), np.array([7.0, 2.0, 7.0]))
    assert found.mean == pytest.approx([0.3, 40 / 42, 0.3])
    assert found.p10 == pytest.approx(beta.ppf(0.1, [3, 40, 3], [7, 2, 7]))
    assert found.p90 == pytest.approx(beta.ppf(0.9, [3, 40, 3], [7, 2, 7]))


def test_a_share_that_nothing_speaks_against_is_all() -> None:
    found = beta_interval(np.array([3.0]), np.array([0.0]))
    assert (found.mean[0], found.p10[0], found.p90[0]) == pytest.approx((1.0, 1.0, 1.0))
