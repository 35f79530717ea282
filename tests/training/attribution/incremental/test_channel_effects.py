"""Incremental conversions: the estimate by hand, its coverage where probabilities differ, and every refusal."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from features.arrays import Floats
from training.attribution.incremental.channel_effects import Incremental, incremental
from training.attribution.incremental.randomised_units import RandomisedUnits
from training.experiments.refusal import Refusal


def units_of(treated: NDArray[Any], orders: NDArray[Any], probability: Floats | float) -> RandomisedUnits:
    size = len(treated)
    return RandomisedUnits(
        customer=np.arange(size),
        treated=treated.astype(np.bool_),
        probability=np.broadcast_to(np.asarray(probability, np.float64), size).copy(),
        orders=orders.astype(np.float64),
        level="customer",
    )


def half_and_half(size: int, treated_orders: int, control_orders: int) -> RandomisedUnits:
    """As many units in each group, the first ones with an order each."""
    treated = np.arange(2 * size) < size
    position = np.arange(2 * size) % size
    return units_of(treated, position < np.where(treated, treated_orders, control_orders), 0.5)


def estimate(*strata: RandomisedUnits, rate: Floats | None = None) -> Incremental:
    customers = max(len(units) for units in strata)
    result = incremental(strata, np.ones(customers) if rate is None else rate)
    assert isinstance(result, Incremental)
    return result


def refusal(*strata: RandomisedUnits) -> Refusal:
    result = incremental(strata, np.ones(max((len(units) for units in strata), default=1)))
    assert isinstance(result, Refusal)
    return result


def test_the_caused_conversions_are_the_difference_times_the_treated() -> None:
    result = estimate(half_and_half(1000, 100, 60))
    assert result.conversions == pytest.approx(40)
    half_width = 1.959964 * np.sqrt(1000 * (0.1 * 0.9 + 0.06 * 0.94))
    assert (result.low, result.high) == pytest.approx((40 - half_width, 40 + half_width))
    assert (result.units, result.control_units, result.control_conversions) == (2000, 1000, 60)


def test_the_strata_are_compared_within_themselves() -> None:
    busy, calm = half_and_half(1000, 500, 500), half_and_half(1000, 100, 60)
    assert estimate(busy, calm).conversions == pytest.approx(40)


def test_orders_that_the_rate_explains_make_the_interval_no_wider_and_move_nothing_on_average() -> None:
    rng = np.random.default_rng(4)
    differences, narrower = [], 0
    for _ in range(100):
        rate = rng.gamma(1.0, 1.0, 4000)
        treated = rng.random(4000) < 0.8
        units = units_of(treated, rng.poisson(0.2 * rate + 0.1 * treated), 0.8)
        plain, adjusted = estimate(units), estimate(units, rate=rate)
        differences.append(adjusted.conversions - plain.conversions)
        narrower += adjusted.high - adjusted.low < plain.high - plain.low
    assert narrower == 100
    assert abs(np.mean(differences)) < 3 * np.std(differences) / 10


def test_the_interval_covers_the_effect_on_the_treated_where_probabilities_follow_the_customers() -> None:
    rng = np.random.default_rng(5)
    covered, runs = 0, 300
    for _ in range(runs):
        rate = rng.gamma(1.0, 1.0, 3000)
        probability = np.clip(0.5 + 0.2 * (rate - 1), 0.2, 0.9)
        treated = rng.random(3000) < probability
        base, extra = rng.poisson(0.1 * rate), rng.poisson(0.05 * rate)
        result = estimate(units_of(treated, base + extra * treated, probability))
        covered += result.low <= extra[treated].sum() <= result.high
    assert 0.92 <= covered / runs <= 0.98


def test_without_a_withheld_unit_nothing_is_known() -> None:
    answer = refusal(units_of(np.ones(500), np.ones(500), 0.9))
    assert (answer.reason, answer.status) == ("no_randomised_control", "not_identified")
    assert answer.detail.startswith("Found no touch that was withheld; expected some, drawn at random.")
    assert refusal().reason == "no_randomised_control"


def test_withheld_units_without_a_probability_are_refused() -> None:
    units = half_and_half(1000, 100, 60)
    units.probability[-3:] = np.nan
    answer = refusal(units)
    assert answer.reason == "probabilities_unknown"
    assert answer.detail.startswith("Found 3 withheld units without a probability; expected that of being treated.")


def test_treated_units_without_a_probability_are_left_out() -> None:
    units = half_and_half(1000, 100, 60)
    units.probability[900:1000] = np.nan
    assert estimate(units).units == 1900


@pytest.mark.parametrize("probability", [0.0, 0.009, 0.991, 1.0])
def test_who_could_not_be_held_out_makes_the_comparison_impossible(probability: float) -> None:
    units = half_and_half(1000, 100, 60)
    units.probability[5] = probability
    assert refusal(units).reason == "no_overlap"
    assert refusal(units).detail.startswith("Found 1 units with a probability below 0.01 of being treated or of being")


def test_lost_rows_are_noticed_before_an_effect_is_shown() -> None:
    whole = half_and_half(1000, 100, 60)
    present = np.arange(2000) < 1750
    answer = refusal(units_of(whole.treated[present], whole.orders[present], 0.5))
    assert answer.reason == "sample_ratio"
    assert re.match(
        r"Found 1,000 of 1,750 units treated; expected about 875 by the logged probabilities\.", answer.detail
    )


def test_few_conversions_wait_for_more() -> None:
    answer = refusal(half_and_half(1000, 100, 39))
    assert (answer.reason, answer.status) == ("too_few", "not_yet")
    assert answer.detail.startswith("Found 1,000 units held out with 39 conversions; expected at least 100 with 40.")
    assert refusal(half_and_half(99, 60, 60)).reason == "too_few"
