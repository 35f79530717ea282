"""Periods: half-open, not empty, at most a year."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pytest

from features.calendar import day_number
from training.attribution.period import InvalidPeriod, Period


def test_the_end_is_the_first_day_that_no_longer_counts() -> None:
    days = np.array([day_number(date(2026, 12, 31)) + offset for offset in range(4)])
    assert Period(date(2027, 1, 1), date(2027, 1, 3)).contains(days).tolist() == [False, True, True, False]


def test_an_empty_period_is_refused() -> None:
    text = "Found the period from 2027-01-01 to 2027-01-01; expected from before to: to is the first day that no longer"
    with pytest.raises(InvalidPeriod, match=text):
        Period(date(2027, 1, 1), date(2027, 1, 1))


def test_a_day_without_room_for_the_days_before_it_is_refused() -> None:
    with pytest.raises(InvalidPeriod, match="Found a period that begins on 0001-01-01; expected a day from 1970-01-01"):
        Period(date(1, 1, 1), date(1, 1, 2))


def test_more_than_a_year_is_refused() -> None:
    Period(date(2024, 1, 1), date(2025, 1, 1))
    text = re.escape(
        "Found a period of 367 days, from 2024-01-01 to 2025-01-02; expected at most 366. Ask for one year"
    )
    with pytest.raises(InvalidPeriod, match=text):
        Period(date(2024, 1, 1), date(2025, 1, 2))
