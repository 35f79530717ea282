"""Seasonality: last year's season is used where it explained this year, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.arrays import Floats
from tests.tiered_models import single_tier_model
from tests.training.by_hand import outcomes_of, rows_of
from training.dataset.outcomes import Outcomes, Rows
from training.dataset.plan import YEAR_DAYS, HorizonPlan
from training.fitting.seasonality import fit_year_ago_seasonality
from training.inference.btyd import GammaPoisson
from training.inference.seasonality import MIN_SEASONAL_SHARE, SeasonalFactors, Seasonality, seasonal_totals
from training.inference.tiered_model import HorizonLayout, TieredModel
from training.inference.tiers.btyd import BtydTier
from training.inference.tiers.cohort import CohortTier

PLAN = HorizonPlan(churn_days=30, horizons=(30, 365), learned=(30,), has_amounts=False)
CUSTOMERS, STEP = 200, 28
USUAL = SeasonalFactors((1.0, 1.0), 1.0)
DAYS = np.array([0.0, 10, 30, 45, 90, 400, 730])


def year_by_year(day: float) -> float:
    """Three times as many orders in two months of every year."""
    return 3.0 if 300 <= day % YEAR_DAYS < 360 else 1.0


def shop(until: int, busy: object = year_by_year) -> Rows:
    """Customers with an order a month times ``busy``, at cutoffs 28 days apart."""
    assert callable(busy)
    parts = []
    for cutoff in range(90, until, STEP):
        outcomes = outcomes_of([15.0] * CUSTOMERS, [float(until - cutoff)] * CUSTOMERS, (30, YEAR_DAYS))
        days = np.arange(cutoff, cutoff + YEAR_DAYS)
        counts = np.cumsum([busy(day) / 30 for day in days])[[29, YEAR_DAYS - 1]]
        orders = np.tile(np.where(cutoff + np.array([30, YEAR_DAYS]) <= until, counts, np.nan), (CUSTOMERS, 1))
        part = rows_of(replace(outcomes, orders=orders), order_days=[4.0] * CUSTOMERS, tenure_days=[90.0] * CUSTOMERS)
        parts.append(replace(part, cutoff=np.full(CUSTOMERS, cutoff)))
    return merge_rows(parts)


def merge_rows(parts: list[Rows]) -> Rows:
    outcomes = [part.outcomes for part in parts]
    return replace(
        parts[0],
        inputs=np.concatenate([part.inputs for part in parts]),
        cutoff=np.concatenate([part.cutoff for part in parts]),
        customer=np.concatenate([part.customer for part in parts]),
        fold=np.concatenate([part.fold for part in parts]),
        outcomes=Outcomes(
            wait_days=np.concatenate([part_outcomes.wait_days for part_outcomes in outcomes]),
            follow_days=np.concatenate([part_outcomes.follow_days for part_outcomes in outcomes]),
            horizons=(30, YEAR_DAYS),
            orders=np.concatenate([part_outcomes.orders for part_outcomes in outcomes]),
            spend=np.concatenate([part_outcomes.spend for part_outcomes in outcomes]),
        ),
    )


def season_of(rows: Rows) -> Seasonality | None:
    btyd = BtydTier(rows.names, GammaPoisson(r=1.0, alpha=30.0), None, (30,), (0.0, 30.0), (1.0,), (1.0,), (1.0,))
    year_ago = fit_year_ago_seasonality(rows, PLAN, btyd)
    return None if year_ago is None else year_ago.seasonality(tiered_model(rows.names))


def tiered_model(names: tuple[str, ...]) -> TieredModel:
    tier = CohortTier(names, (), (), (0.0, 30.0), ((0.6,),), ((1.5,),), 0.0, 1.0, (1.0,))
    return single_tier_model(tier, HorizonLayout(30, (30, 365), (30,), 1.0, 1.0, None))


def test_a_season_seen_in_two_years_is_expected_again() -> None:
    before, after = season_of(shop(300 + 2 * YEAR_DAYS)), season_of(shop(200 + 2 * YEAR_DAYS))
    assert before is not None
    assert after is not None
    assert before.orders.learned[0] > 1.5 * after.orders.learned[0]


def test_a_season_seen_once_counts_in_part() -> None:
    tested, once = season_of(shop(298 + 2 * YEAR_DAYS)), season_of(shop(298 + YEAR_DAYS))
    assert tested is not None
    assert once is not None
    assert 1.2 < once.orders.learned[0] / once.orders.beyond < tested.orders.learned[0] / tested.orders.beyond


def test_a_past_season_does_not_go_on() -> None:
    after = season_of(shop(390 + YEAR_DAYS))
    quiet = season_of(shop(200 + 2 * YEAR_DAYS))
    assert after is not None
    assert quiet is not None
    assert after.orders.learned[0] == pytest.approx(quiet.orders.learned[0], rel=0.2)


def test_a_log_without_the_same_days_a_year_before_has_no_season() -> None:
    assert season_of(shop(YEAR_DAYS + 60)) is None


def test_a_year_that_did_not_explain_the_next_is_not_used() -> None:
    assert (
        season_of(shop(300 + YEAR_DAYS, busy=lambda day: 3.0 if 200 <= day < 260 or 500 <= day < 560 else 1.0)) is None
    )


def test_a_shop_that_is_as_busy_all_the_year_round_has_no_season() -> None:
    assert season_of(shop(300 + 2 * YEAR_DAYS, busy=lambda _: 1.0)) is None


def test_no_customers_give_no_season() -> None:
    rows = shop(300 + YEAR_DAYS)
    assert season_of(rows.select(np.zeros(len(rows), dtype=bool))) is None


curves = st.lists(st.floats(0, 0.9), min_size=6, max_size=6).map(lambda steps: np.cumsum(steps) / (1 + sum(steps)))
weights = st.floats(0.01, 20)


@given(curves, weights, weights, weights)
def test_in_season_p_order_never_falls_and_stays_a_probability(
    curve: Floats, first: float, second: float, beyond: float
) -> None:
    order_by = np.concatenate([[0.0], curve])[None, :]
    adjusted = Seasonality(SeasonalFactors((first, second), beyond), USUAL, None).adjust_order_by(
        order_by, DAYS, (30, 90)
    )
    assert adjusted.shape == order_by.shape
    assert adjusted[0, 0] == 0
    assert (np.diff(adjusted) >= -1e-12).all()
    assert (adjusted <= 1).all()


@given(curves)
def test_a_usual_time_of_the_year_changes_nothing(curve: Floats) -> None:
    order_by = np.concatenate([[0.0], curve])[None, :]
    assert Seasonality(USUAL, USUAL, None).adjust_order_by(order_by, DAYS, (30, 90)) == pytest.approx(
        order_by, abs=1e-9
    )
    values = np.array([[1.0, 2.5]])
    assert seasonal_totals(values, np.array([[4.0]]), USUAL)[1] == pytest.approx(np.array([[10.0]]))


def test_the_hazard_over_a_learned_horizon_is_scaled_by_its_factor() -> None:
    order_by = -np.expm1(-0.01 * DAYS)[None, :]
    adjusted = Seasonality(SeasonalFactors((2.0, 1.5), 1.0), USUAL, None).adjust_order_by(order_by, DAYS, (30, 90))
    hazard = -np.log1p(-adjusted[0])
    assert hazard[[2, 4]] == pytest.approx([0.01 * 30 * 2.0, 0.01 * 90 * 1.5])
    assert hazard[6] - hazard[5] == pytest.approx(0.01 * 330)


def test_a_quiet_season_after_a_busy_one_has_a_minimum_hazard() -> None:
    order_by = -np.expm1(-0.01 * DAYS)[None, :]
    adjusted = Seasonality(SeasonalFactors((3.0, 0.1), 1.0), USUAL, None).adjust_order_by(order_by, DAYS, (30, 90))
    hazard = -np.log1p(-adjusted[0])
    assert hazard[4] - hazard[2] == pytest.approx(MIN_SEASONAL_SHARE * 0.01 * 60)
