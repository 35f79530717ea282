"""In a log of hardly a year, weeks that stand out from the trend come again; growth and noise do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.arrays import Floats
from tests.training.by_hand import happened, rows_of
from training.dataset.outcomes import Rows
from training.fitting.first_year_seasonality import count_weeks, first_year
from training.inference.btyd import GammaPoisson
from training.inference.tiers.btyd import BtydRung
from training.model import YEAR, Plan

PLAN = Plan(churn_days=30, asked=(30,), learned=(30,), has_amounts=False)
DAYS = np.arange(YEAR + 1)
BUSY = (DAYS >= 300) & (DAYS < 340)
STEADY = np.full(len(DAYS), 50.0)


def noisy(pace: Floats) -> Floats:
    return both(np.random.default_rng(0).poisson(pace).astype(float))


def both(orders: Floats, known: float = 0.7) -> Floats:
    """All orders, and those of customers who had ordered before."""
    return np.stack([orders, known * orders])


def shop(by_day: Floats, until: int) -> Rows:
    """Customers of a day's half year, seven of ten orders theirs, in the log's first days up to some day."""
    log = by_day[:until]
    cutoffs = np.arange(100, until, 10)
    wait = happened(np.full(len(cutoffs), 15.0), until - cutoffs.astype(float), (30,))
    placed = np.array([[0.7 * log[at : at + 30].sum() if at + 30 <= until else np.nan] for at in cutoffs])
    rows = rows_of(replace(wait, orders=placed), order_days=[4.0] * len(cutoffs), tenure_days=[90.0] * len(cutoffs))
    return replace(rows, cutoff=cutoffs.astype(np.int64), by_day=both(log))


def said(rows: Rows) -> Floats | None:
    """Orders within 30 days, and in 30 days of the rest of the year, as last year's weeks would have them."""
    btyd = BtydRung(rows.names, GammaPoisson(r=1.0, alpha=30.0), None, (30,), (0.0, 30.0), (1.0,), (1.0,), (1.0,))
    last = rows.at(rows.cutoff == rows.cutoff.max())
    found = first_year(rows, PLAN, btyd, last)
    if found is None:
        return None
    expected = float(btyd.answers(last.inputs)[1].sum())
    return np.array([*found[0], found[1]]) * expected


def test_after_a_season_orders_return_to_what_they_were() -> None:
    after = said(shop(np.where(BUSY, 4.0, 1.0) * STEADY, 345 + 14))
    assert after is not None
    assert after[0] == pytest.approx(0.7 * 30 * 50, rel=0.1)


def test_before_a_season_as_many_are_expected_as_a_year_ago() -> None:
    busy_first = np.where(DAYS < 40, 4.0, 1.0) * STEADY
    before = said(shop(busy_first, YEAR))
    assert before is not None
    assert before[0] == pytest.approx(4 * 0.7 * 30 * 50, rel=0.15)
    assert before[1] == pytest.approx(0.7 * 30 * 50, rel=0.15)


@pytest.mark.parametrize("yearly", [0.2, 1.0, 5.0])
def test_growth_and_decline_are_no_season(yearly: float) -> None:
    assert count_weeks(noisy(STEADY * yearly ** (DAYS / YEAR))) is None


@pytest.mark.parametrize("pace", [0.5, 5.0, 500.0])
def test_noise_is_no_season(pace: float) -> None:
    assert count_weeks(noisy(STEADY * pace / 50)) is None


def test_new_customers_who_stop_coming_are_no_season() -> None:
    first_orders, again = np.where(DAYS < 90, 300.0, 5.0), np.minimum(DAYS, 90) * 0.5
    assert count_weeks(np.stack([first_orders + again, again])) is None
    assert count_weeks(both(first_orders + again)) is not None


def test_a_season_does_not_bend_the_trend_it_is_counted_from() -> None:
    weeks = count_weeks(noisy(np.where(BUSY, 5.0, 1.0) * STEADY * 2.0 ** (DAYS / YEAR)))
    assert weeks is not None
    assert weeks.level == pytest.approx(100, rel=0.1)
    assert np.median(weeks.index[BUSY]) == pytest.approx(5, rel=0.15)
    assert np.median(weeks.index[~BUSY]) == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("days", [0, 1, 60, 349])
def test_less_than_fifty_weeks_are_no_year(days: int) -> None:
    assert count_weeks(both((np.where(BUSY, 4.0, 1.0) * STEADY)[len(DAYS) - days :])) is None


def test_days_a_year_ago_that_the_log_does_not_reach_are_left_out() -> None:
    weeks = count_weeks(both((np.where(BUSY, 4.0, 1.0) * STEADY)[-352:]))
    assert weeks is not None
    assert np.isnan(weeks.ahead(0, 10))
    assert weeks.ahead(0, 30) == pytest.approx(1, rel=0.05)
