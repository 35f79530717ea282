"""Value curves: forecast and actual sums of the first tenths, and the error of the tenths."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.economics.value_curves import tenths


def test_each_tenth_is_compared_with_what_came() -> None:
    forecast = np.repeat([3.0, 1.0], [10, 10])
    curve = tenths("2017-10-01", "", 91, forecast, np.ones(20))
    assert curve.customers.tolist() == [2.0 * tenth for tenth in range(1, 11)]
    assert curve.ratios[[0, 4, 9]].tolist() == [3.0, 3.0, 2.0]
    assert curve.tenth_error == pytest.approx(1.0)
