from __future__ import annotations

import numpy as np

from features.calendar import DAY_US
from training.experiments.sequential.maturity import is_mature, matures_at_us, recording_lag_us


def test_an_outcome_counts_from_the_instant_its_window_and_the_lag_are_over() -> None:
    decided, lag = np.array([100]), 5
    instant = int(matures_at_us(decided, 28, lag)[0])
    assert instant == 100 + 28 * DAY_US + 5
    assert not is_mature(decided, 28, lag, instant - 1)[0]
    assert is_mature(decided, 28, lag, instant)[0]


def test_the_lag_covers_99_percent_of_the_rows() -> None:
    happened = np.zeros(1_000, np.int64)
    recorded = np.r_[np.arange(990), np.full(10, 10**9)]
    assert 989 <= recording_lag_us(happened, recorded) < 10**9
    assert np.mean(recorded - happened <= recording_lag_us(happened, recorded)) >= 0.99


def test_rows_that_are_recorded_at_once_or_before_have_no_lag() -> None:
    assert recording_lag_us(np.array([5, 9]), np.array([5, 7])) == 0
    assert recording_lag_us(np.empty(0, np.int64), np.empty(0, np.int64)) == 0
