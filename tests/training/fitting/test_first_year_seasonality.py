"""First-year seasonality: weeks above the trend are expected again a year later; growth and noise are not a season."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.arrays import Floats
from tests.tiered_models import single_tier_model
from tests.training.by_hand import outcomes_of, rows_of
from training.dataset.outcomes import Rows
from training.dataset.plan import YEAR_DAYS, HorizonPlan
from training.fitting.first_year_seasonality import fit_first_year_seasonality, weekly_index
from training.inference.btyd import GammaPoisson
from training.inference.tiered_model import HorizonLayout
from training.inference.tiers.btyd import BtydTier
from training.inference.tiers.population import PopulationTier

PLAN = HorizonPlan(churn_days=30, horizons=(30,), learned=(30,), has_amounts=False)
DAYS = np.arange(YEAR_DAYS + 1)
BUSY = (DAYS >= 300) & (DAYS < 340)
STEADY = np.full(len(DAYS), 50.0)


def noisy_orders(pace: Floats) -> Floats:
    return with_known_share(np.random.default_rng(0).poisson(pace).astype(float))


def with_known_share(orders: Floats, share: float = 0.7) -> Floats:
    """All orders, and the share of customers with an earlier order."""
    return np.stack([orders, share * orders])


def shop_rows(by_day: Floats, until: int) -> Rows:
    """Rows of average customers with seven in ten of all orders, for the log's days before ``until``."""
    log = by_day[:until]
    cutoffs = np.arange(100, until, 10)
    wait = outcomes_of(np.full(len(cutoffs), 15.0), until - cutoffs.astype(float), (30,))
    orders = np.array(
        [[0.7 * log[cutoff : cutoff + 30].sum() if cutoff + 30 <= until else np.nan] for cutoff in cutoffs]
    )
    rows = rows_of(replace(wait, orders=orders), order_days=[4.0] * len(cutoffs), tenure_days=[90.0] * len(cutoffs))
    return replace(rows, cutoff=cutoffs.astype(np.int64), orders_by_day=with_known_share(log))


def btyd_tier(names: tuple[str, ...]) -> BtydTier:
    return BtydTier(names, GammaPoisson(r=1.0, alpha=30.0), None, (30,), (0.0, 30.0))


def forecast_orders(rows: Rows) -> Floats | None:
    """Orders within 30 days and in 30 days of the rest of the year, if last year's weeks repeat."""
    fitted = fit_first_year_seasonality(rows, PLAN, btyd_tier(rows.names))
    if fitted is None:
        return None
    newest = rows.select(rows.cutoff == rows.cutoff.max())
    expected = float(btyd_tier(rows.names).answer(newest.inputs, np.zeros(1)).orders.sum())
    return np.array([*fitted.ahead, fitted.rest_of_year]) * expected


def test_after_a_season_orders_return_to_what_they_were() -> None:
    after = forecast_orders(shop_rows(np.where(BUSY, 4.0, 1.0) * STEADY, 345 + 14))
    assert after is not None
    assert after[0] == pytest.approx(0.7 * 30 * 50, rel=0.1)


def test_before_a_season_as_many_are_expected_as_a_year_ago() -> None:
    busy_first = np.where(DAYS < 40, 4.0, 1.0) * STEADY
    before = forecast_orders(shop_rows(busy_first, YEAR_DAYS))
    assert before is not None
    assert before[0] == pytest.approx(4 * 0.7 * 30 * 50, rel=0.15)
    assert before[1] == pytest.approx(0.7 * 30 * 50, rel=0.15)


def test_a_tier_on_another_level_gets_the_same_seasonal_totals() -> None:
    rows = shop_rows(np.where(DAYS < 40, 4.0, 1.0) * STEADY, YEAR_DAYS)
    fitted, layout = (
        fit_first_year_seasonality(rows, PLAN, btyd_tier(rows.names)),
        HorizonLayout(30, (30,), (30,), 1.0, 1.0, None),
    )
    assert fitted is not None
    totals = []
    for orders_per_buyer in (0.5, 1.0, 3.0):
        tier = PopulationTier(rows.names, (30,), (0.0, 30.0), (0.5,), (orders_per_buyer,), 0.0, 1.0, (1.0,))
        factor = fitted.seasonality(single_tier_model(tier, layout)).orders.learned[0]
        totals.append(factor * 0.5 * orders_per_buyer)
    assert totals == pytest.approx([totals[0]] * 3)


def test_a_log_with_the_same_days_a_year_ago_has_no_first_year() -> None:
    rows = shop_rows(np.where(DAYS < 40, 4.0, 1.0) * STEADY, YEAR_DAYS)
    older = replace(rows, cutoff=np.where(rows.cutoff == rows.cutoff.min(), -1, rows.cutoff))
    assert fit_first_year_seasonality(rows, PLAN, btyd_tier(rows.names)) is not None
    assert fit_first_year_seasonality(older, PLAN, btyd_tier(rows.names)) is None


def test_no_customers_give_no_season() -> None:
    rows = shop_rows(np.where(DAYS < 40, 4.0, 1.0) * STEADY, YEAR_DAYS)
    nobody = rows.select(np.zeros(len(rows), dtype=bool))
    assert fit_first_year_seasonality(nobody, PLAN, btyd_tier(rows.names)) is None


@pytest.mark.parametrize("yearly", [0.2, 1.0, 5.0])
def test_growth_and_decline_are_no_season(yearly: float) -> None:
    assert weekly_index(noisy_orders(STEADY * yearly ** (DAYS / YEAR_DAYS))) is None


@pytest.mark.parametrize("pace", [0.5, 5.0, 500.0])
def test_noise_is_no_season(pace: float) -> None:
    assert weekly_index(noisy_orders(STEADY * pace / 50)) is None


def test_new_customers_who_stop_coming_are_no_season() -> None:
    first_orders, repeat_orders = np.where(DAYS < 90, 300.0, 5.0), np.minimum(DAYS, 90) * 0.5
    assert weekly_index(np.stack([first_orders + repeat_orders, repeat_orders])) is None
    assert weekly_index(with_known_share(first_orders + repeat_orders)) is not None


def test_a_season_does_not_bend_the_trend_it_is_counted_from() -> None:
    weeks = weekly_index(noisy_orders(np.where(BUSY, 5.0, 1.0) * STEADY * 2.0 ** (DAYS / YEAR_DAYS)))
    assert weeks is not None
    assert weeks.level == pytest.approx(100, rel=0.1)
    assert np.median(weeks.index[BUSY]) == pytest.approx(5, rel=0.15)
    assert np.median(weeks.index[~BUSY]) == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("days", [0, 1, 60, 349])
def test_less_than_fifty_weeks_are_no_year(days: int) -> None:
    assert weekly_index(with_known_share((np.where(BUSY, 4.0, 1.0) * STEADY)[len(DAYS) - days :])) is None


def test_days_a_year_ago_that_the_log_does_not_reach_are_left_out() -> None:
    weeks = weekly_index(with_known_share((np.where(BUSY, 4.0, 1.0) * STEADY)[-352:]))
    assert weeks is not None
    assert np.isnan(weeks.mean_ahead(0, 10))
    assert weeks.mean_ahead(0, 30) == pytest.approx(1, rel=0.05)
