"""Survival: the periods at risk, counted by hand, and the survival curve that follows from the hazards."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.arrays import Floats
from tests.training.by_hand import INPUTS, outcomes_of, rows_of
from training.dataset.outcomes import Outcomes
from training.dataset.person_periods import period_edges, person_periods
from training.dataset.plan import HorizonPlan
from training.fitting.population_tier import fit_population_tier
from training.inference.forecast import LAST_DAY
from training.inference.survival import forecast_grid, period_inputs, person_period_inputs, survival_curve
from training.models.next_purchase import evaluated_days

NEVER = float("inf")
EDGES = np.array([0.0, 7, 14, 30])
PLAN = HorizonPlan(churn_days=30, horizons=(30,), learned=(30,), has_amounts=True)


def risk_periods(wait: float, follow: float) -> list[tuple[int, float]]:
    """Return the periods in which one customer was at risk, and whether the order came in each."""
    _, period, came = person_periods(outcomes_of([wait], [follow]), EDGES)
    return list(zip(period.tolist(), came.tolist(), strict=True))


def test_a_customer_is_at_risk_until_the_order_comes() -> None:
    assert risk_periods(3.0, 90.0) == [(0, 1.0)]
    assert risk_periods(10.0, 90.0) == [(0, 0.0), (1, 1.0)]
    assert risk_periods(29.9, 90.0) == [(0, 0.0), (1, 0.0), (2, 1.0)]


def test_a_customer_who_never_comes_is_at_risk_throughout() -> None:
    assert risk_periods(NEVER, 90.0) == [(0, 0.0), (1, 0.0), (2, 0.0)]


def test_an_order_at_an_edge_belongs_to_the_later_period() -> None:
    assert risk_periods(7.0, 90.0) == [(0, 0.0), (1, 1.0)]
    assert risk_periods(30.0, 90.0) == [(0, 0.0), (1, 0.0), (2, 0.0)]


def test_a_period_that_is_not_over_is_nobodys() -> None:
    assert risk_periods(NEVER, 14.0) == [(0, 0.0), (1, 0.0)]
    assert risk_periods(NEVER, 13.0) == [(0, 0.0)]
    assert risk_periods(10.0, 13.0) == [(0, 0.0)]
    assert risk_periods(3.0, 6.0) == []


def test_four_customers_are_counted_by_hand() -> None:
    row, period, came = person_periods(outcomes_of([3, 10, NEVER, NEVER], [90, 90, 90, 20]), EDGES)
    assert list(zip(row.tolist(), period.tolist(), came.tolist(), strict=True)) == [
        (0, 0, 1), (1, 0, 0), (1, 1, 1), (2, 0, 0), (2, 1, 0), (2, 2, 0), (3, 0, 0), (3, 1, 0),
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_with_a_period_per_day_and_no_features_the_hazard_is_kaplan_and_meiers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    follow = rng.integers(1, 40, 300).astype(float)
    ordered = np.floor(rng.exponential(25, 300))
    wait = np.where(ordered < follow, ordered, NEVER)
    edges = np.arange(0.0, 31.0)
    _, period, came = person_periods(outcomes_of(wait, follow), edges)
    hazards = np.bincount(period, came, 30) / np.bincount(period, minlength=30)
    curve = survival_curve(hazards[None, :], edges, edges)[0]
    assert 1 - curve == pytest.approx(kaplan_meier(wait, follow, 30), abs=1e-7)


def kaplan_meier(wait: Floats, follow: Floats, days: int) -> Floats:
    """Return P(no order by the end of each day) by the textbook's formula (Kaplan and Meier 1958)."""
    survival, curve = 1.0, [1.0]
    for day in range(days):
        at_risk = sum(1 for waited, limit in zip(wait, follow, strict=True) if waited >= day and limit > day)
        events = sum(1 for waited in wait if waited == day)
        survival *= 1 - events / at_risk
        curve.append(survival)
    return np.array(curve)


def test_the_population_tier_is_kaplan_and_meiers_too_at_its_own_edges() -> None:
    rng = np.random.default_rng(5)
    wait = np.floor(rng.exponential(25, 500))
    outcomes = outcomes_of(np.where(wait < 45, wait, NEVER), [45.0] * 500)
    tier = fit_population_tier(rows_of(outcomes), PLAN)
    days = np.asarray(tier.edges)
    share = np.array([(wait < day).mean() for day in days])
    assert tier.within(days) == pytest.approx(share, abs=1e-7)


HAZARDS = arrays(float, (3, 4), elements=st.floats(0, 1))
SOME_EDGES = st.lists(st.integers(1, 400), min_size=4, max_size=4, unique=True).map(
    lambda days: np.array([0, *sorted(days)], float)
)


@given(HAZARDS, SOME_EDGES)
def test_a_survival_curve_never_rises_and_stays_a_probability(hazards: Floats, edges: Floats) -> None:
    days = np.unique(np.concatenate([edges, np.linspace(0, LAST_DAY, 50)]))
    order_by = survival_curve(hazards, edges, days)
    assert (np.diff(order_by, axis=1) >= 0).all()
    assert (order_by >= 0).all()
    assert (order_by <= 1).all()
    assert (order_by[:, 0] == 0).all()


@given(HAZARDS, SOME_EDGES)
def test_a_survival_curve_passes_through_its_hazards(hazards: Floats, edges: Floats) -> None:
    expected = 1 - np.cumprod(1 - np.clip(hazards, 1e-9, 1 - 1e-9), axis=1)
    assert survival_curve(hazards, edges, edges)[:, 1:] == pytest.approx(expected, abs=1e-9)


def test_between_edges_the_daily_hazard_is_constant() -> None:
    order_by = survival_curve(np.array([[0.19]]), np.array([0.0, 10.0]), np.array([0.0, 5.0, 10.0]))
    assert order_by[0].tolist() == pytest.approx([0.0, 0.1, 0.19])


def test_beyond_the_last_edge_the_daily_hazard_falls_off_as_one_over_time() -> None:
    edges, days = np.array([0.0, 10.0]), np.array([10.0, 20.0, 40.0, 80.0])
    passed = -np.log1p(-survival_curve(np.array([[0.5]]), edges, days)[0])
    assert np.diff(passed) == pytest.approx(np.full(3, np.log(2) * np.log(2)))


def test_silence_is_measured_where_a_period_begins() -> None:
    names = ("recency_days", "mean_gap_days", "median_gap_days", "p90_gap_days")
    inputs = np.array([[5.0, 10.0, 0.0, np.nan]])
    row = period_inputs(inputs, names, EDGES, np.array([1]))[0]
    assert row[4:].tolist() == pytest.approx([7, 14, 12, 1.2, 12, np.nan], nan_ok=True)


def test_all_periods_come_customer_by_customer() -> None:
    inputs = np.array([[1.0] * 5, [2.0] * 5])
    rows = person_period_inputs(inputs, INPUTS, EDGES)
    assert rows[:, 0].tolist() == [1, 1, 1, 2, 2, 2]
    assert rows[:, 5].tolist() == [0, 7, 14, 0, 7, 14]


WAITS = arrays(float, 20, elements=st.one_of(st.just(NEVER), st.floats(0, 1_500)))
FOLLOWS = arrays(float, 20, elements=st.integers(0, 1_500).map(float))


@given(WAITS, FOLLOWS, st.sampled_from([(1,), (30, 90), (7, 365, 730)]))
def test_periods_begin_today_hold_every_learned_horizon_and_end_by_the_last_day(
    wait: Floats, follow: Floats, learned: tuple[int, ...]
) -> None:
    edges = period_edges(outcomes_of(wait, follow), HorizonPlan(learned[-1], learned, learned, has_amounts=True))
    assert edges[0] == 0
    assert set(learned) <= set(edges.tolist())
    assert edges[-1] <= LAST_DAY
    assert (np.diff(edges) > 0).all()


def test_answers_are_given_up_to_the_last_day_and_no_further() -> None:
    for edges in (np.array([0.0, 1.0]), np.array([0.0, 30, 200]), np.array([0.0, 30, LAST_DAY])):
        days = forecast_grid(edges, (30, 365))
        assert (days[0], days[-1]) == (0.0, LAST_DAY)
        assert {30.0, 365.0} <= set(days.tolist())
        assert (np.diff(days) > 0).all()


def test_calibration_is_judged_on_days_that_are_over_for_everybody() -> None:
    def judged_days(*follow: float) -> list[int]:
        return evaluated_days(outcomes_of([NEVER] * len(follow), follow))

    assert judged_days(90, 60) == [7, 14, 30, 60]
    assert judged_days(90, 20) == [7, 14]
    assert judged_days(3, 90) == [3]


def test_an_outcome_is_unknown_until_its_window_is_over() -> None:
    outcomes: Outcomes = outcomes_of([3.0, 40.0, NEVER], [90.0, 90.0, 20.0])
    assert outcomes.ordered_within(30).tolist() == pytest.approx([1, 0, np.nan], nan_ok=True)
    assert outcomes.orders_within(60).tolist() == pytest.approx([1, 1, np.nan], nan_ok=True)
