"""LTV to CAC: known cohorts are recovered, and a figure without ground is refused."""

from __future__ import annotations

import numpy as np
import pytest

from features.arrays import Booleans, Floats
from training.growth.ltv_to_cac import Cohort, CustomerValues, LtvToCac, ltv_to_cac
from training.growth.mean_interval import Figure, mean_interval
from training.growth.refusal import GrowthRefusal


def predicted_value(_: Booleans) -> Figure | GrowthRefusal:
    return Figure(value=30.0, low=24.0, high=39.0, confidence=0.8)


def economics(values: Floats, *, cost: float = 1_000.0, days: int = 120, amounts: bool = True) -> LtvToCac:
    cohort = Cohort(
        name="search",
        cost=cost,
        new_customers=len(values),
        days_since=days,
        members=np.ones(len(values), np.bool_),
        is_closed=True,
    )
    return ltv_to_cac(cohort, CustomerValues(realised=values, predicted=predicted_value, has_amounts=amounts))


def reason(figure: object) -> str:
    assert isinstance(figure, GrowthRefusal)
    assert "expected" in figure.detail
    return figure.reason


def value(figure: object) -> float:
    assert isinstance(figure, Figure)
    return figure.value


@pytest.mark.parametrize("customers", [60, 3_000])
def test_the_interval_covers_a_known_ratio_in_ninety_of_a_hundred_cohorts(customers: int) -> None:
    cac, mean, sigma = 20.0, 50.0, 0.8
    covered = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        values = mean * rng.lognormal(-(sigma**2) / 2, sigma, customers)
        ratio = economics(values, cost=cac * customers).realised_ratio
        assert isinstance(ratio, Figure)
        covered += ratio.low <= mean / cac <= ratio.high
    assert covered >= 90


def test_realised_and_predicted_stand_apart_and_add_up_only_in_the_expected_ratio() -> None:
    known = economics(np.full(50, 40.0), cost=1_000.0)
    assert known.cac == 20.0
    assert (value(known.realised), value(known.predicted)) == (40.0, 30.0)
    assert value(known.realised_ratio) == 2.0
    assert known.expected_ratio == Figure(value=3.5, low=3.2, high=3.95, confidence=0.8)


def test_without_costs_there_is_no_ratio_but_there_is_a_value() -> None:
    unpaid = economics(np.full(50, 40.0), cost=0.0)
    assert {reason(each) for each in (unpaid.cac, unpaid.realised_ratio, unpaid.expected_ratio)} == {"no_costs"}
    assert value(unpaid.realised) == 40.0


def test_few_new_customers_have_no_figure_at_all() -> None:
    few = economics(np.full(29, 40.0))
    figures = (few.cac, few.realised, few.predicted, few.realised_ratio, few.expected_ratio)
    assert {reason(each) for each in figures} == {"too_few"}


def test_what_new_customers_brought_is_compared_with_their_cost_after_ninety_days() -> None:
    young, grown = economics(np.full(50, 40.0), days=89), economics(np.full(50, 40.0), days=90)
    assert reason(young.realised_ratio) == "not_mature"
    assert value(young.expected_ratio) == value(grown.expected_ratio)
    assert value(grown.realised_ratio) == 2.0


def test_orders_without_amounts_have_no_value() -> None:
    assert reason(economics(np.full(50, 40.0), amounts=False).realised) == "no_amounts"


def test_the_mean_of_equal_values_has_no_width() -> None:
    assert mean_interval(np.full(40, 7.0)) == Figure(value=7.0, low=7.0, high=7.0, confidence=0.95)


def test_many_values_are_resampled_in_blocks_with_the_same_width() -> None:
    values = np.random.default_rng(0).lognormal(3, 1, 40_000)
    figure = mean_interval(values)
    width = 2 * 1.96 * values.std() / np.sqrt(len(values))
    assert figure.high - figure.low == pytest.approx(width, rel=0.1)
