"""A shop with planted effects: hold-outs find them, path rules hand out what nobody caused."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from benchmarks.attribution.methods import hold_out_estimates
from benchmarks.attribution.simulated_shop import CHANNELS, PERIOD, SimulatedShop, simulated_shop
from features.arrays import Floats
from training.attribution.incremental.channel_effects import Incremental
from training.attribution.report import PATH_RULE_NAMES, AttributionReport
from training.attribution.report_assembly import attribution_report

SEEDS, COVERAGE_SEEDS, COVERAGE_CUSTOMERS = (1, 2), 60, 11_000


@cache
def shop_and_report(seed: int) -> tuple[SimulatedShop, AttributionReport]:
    shop = large_shop(seed)
    return shop, attribution_report(shop.log, PERIOD)


@cache
def large_shop(seed: int) -> SimulatedShop:
    return simulated_shop(60_000, seed)


def by_channel(report: AttributionReport) -> dict[str, Incremental]:
    estimates = {each.channel: each.incremental for each in report.channels}
    return {name: estimate for name, estimate in estimates.items() if isinstance(estimate, Incremental)}


def error(shop: SimulatedShop, values: Floats) -> float:
    """The sum of the errors over the channels, as a share of what all of them caused."""
    return float(np.abs(values - shop.caused).sum() / shop.caused.sum())


def test_the_shop_is_as_described() -> None:
    shop, report = shop_and_report(1)
    assert shop.all_caused / report.conversions == pytest.approx(0.44, abs=0.03)
    assert 0 <= shop.caused[CHANNELS.index("push")] <= 100
    intent = shop.intent[shop.log.touches.customer]
    assert intent.mean() > 0.3


def test_hold_outs_are_near_what_was_caused() -> None:
    errors = []
    for seed in range(1, 7):
        shop = large_shop(seed)
        errors.append(error(shop, np.array([estimate.conversions for estimate in hold_out_estimates(shop)])))
    assert np.mean(errors) <= 0.30


def test_the_report_has_the_estimates_of_the_hold_outs() -> None:
    shop, report = shop_and_report(1)
    assert [by_channel(report)[name] for name in CHANNELS] == hold_out_estimates(shop)
    assert {estimate.levels for estimate in by_channel(report).values()} == {("customer",)}


def test_the_intervals_of_hold_outs_cover_what_was_caused() -> None:
    covered, estimated = 0, 0
    for seed in range(COVERAGE_SEEDS):
        shop = simulated_shop(COVERAGE_CUSTOMERS, seed)
        for estimate, caused in zip(hold_out_estimates(shop), shop.caused, strict=True):
            covered += estimate.low <= caused <= estimate.high
            estimated += 1
    assert 0.92 <= covered / estimated <= 0.98


@pytest.mark.parametrize("seed", SEEDS)
def test_every_path_rule_hands_out_the_touched_conversions_twice_what_was_caused(seed: int) -> None:
    shop, report = shop_and_report(seed)
    for name in PATH_RULE_NAMES:
        credits_ = {each.channel: each.credits[name] for each in report.channels}
        assert sum(credits_.values()) == pytest.approx(report.touched_conversions)
        assert error(shop, np.array([credits_[channel] for channel in CHANNELS])) > 0.8
    assert report.touched_conversions > 1.8 * shop.caused.sum()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_rate_of_before_brings_the_hazard_nearer_than_any_path_rule(seed: int) -> None:
    shop, report = shop_and_report(seed)
    hazard = {each.channel: each.exposure_hazard for each in report.channels}
    errors = [error(shop, np.array([each.credits[name] for each in report.channels])) for name in PATH_RULE_NAMES]
    in_order = np.array([hazard[name] for name in CHANNELS])
    assert error(shop, in_order) < min(errors)


@pytest.mark.parametrize("seed", SEEDS)
def test_only_the_hold_out_sees_that_push_caused_next_to_nothing(seed: int) -> None:
    shop, report = shop_and_report(seed)
    push = next(each for each in report.channels if each.channel == "push")
    assert isinstance(push.incremental, Incremental)
    assert push.incremental.low <= 0 <= push.incremental.high
    assert min(push.credits.values()) > 1_000 > 10 * shop.caused[CHANNELS.index("push")]
