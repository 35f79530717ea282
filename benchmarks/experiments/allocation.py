"""Adaptive allocation: what it loses in simulated markets, and what it makes of a planted truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.experiments import markets, policies
from features.arrays import Floats
from training.experiments.allocation.arm_counts import ArmCounts
from training.experiments.allocation.change import change_of_effects
from training.experiments.allocation.simulation import (
    AllocationPolicy,
    SimulatedMarket,
    SimulatedRuns,
    simulate_policy,
)

SEED = 15
PLANTED_LIFT = 0.2
SIZES = (50, 200, 5000)  # customers a day, beside 1,000


@dataclass(frozen=True)
class LossCase:
    """A market and a policy, whose loss that remains is measured."""

    market: str
    policy: str
    simulated: SimulatedMarket
    split: AllocationPolicy
    highest: float | None = None  # the bar
    every_days: int = 1


@dataclass(frozen=True, kw_only=True)
class LossRow:
    """The loss that remains: conversions lost against always the best arm, over those that an even split loses."""

    case: LossCase
    mean: float
    half_width: float  # of the 95 % interval of the mean
    high: float  # the 95th percentile of the runs

    @property
    def is_met(self) -> bool | None:
        """Whether the bar is met; None without a bar."""
        return None if self.case.highest is None else self.mean <= self.case.highest


@dataclass(frozen=True, kw_only=True)
class TruthRow:
    """What a policy makes of a planted truth under a trend: shares of the runs."""

    truth: str
    policy: str
    concentrated: float  # an arm ends above 90 % of the traffic
    weighted_rejects: float  # the weighted interval of the last arm against control excludes 0
    weighted_covers: float
    pooled_rejects: float
    pooled_covers: float


def loss_cases() -> list[LossCase]:
    """Return the markets and policies whose loss is measured."""
    steady, slow, changing = markets.steady(), markets.steady(days=90, delays=markets.FOUR_WEEKS), markets.changing()
    trend, sale = markets.trending(), markets.trending(base_rates=markets.SALE)
    two_way, pooled, forgetful = policies.two_way(), policies.pooled_means(), policies.two_way(half_life_days=10)
    return [
        LossCase("steady, 1,000 a day", "two-way, floor 2 %", steady, two_way, highest=0.42),
        LossCase("steady, 1,000 a day", "two-way, floor 5 %", steady, policies.two_way(0.05), highest=0.50),
        LossCase("steady, 1,000 a day", "two-way, once a week", steady, two_way, every_days=7),
        LossCase("steady, 1,000 a day", "half-life 10 days", steady, forgetful),
        LossCase("steady, 1,000 a day", "pooled means", steady, pooled),
        LossCase("rate 3 to 9 %", "two-way", trend, two_way),
        LossCase("rate 3 to 9 %", "pooled means", trend, pooled),
        LossCase("sale week", "two-way", sale, two_way),
        LossCase("sale week", "pooled means", sale, pooled),
        LossCase("outcomes of 28 days", "two-way", slow, two_way, highest=0.38),
        LossCase("outcomes of 28 days", "matured days only", slow, policies.matured_only(28)),
        LossCase("outcomes of 28 days", "pooled means", slow, pooled),
        LossCase("winner changes on day 30", "half-life 10 days", changing, forgetful, highest=0.68),
        LossCase("winner changes on day 30", "no half-life", changing, two_way),
        *_segment_cases("three segments, winners differ", markets.different_winners(), 0.48),
        *_segment_cases("three segments, same winner", markets.same_winner(), 0.32),
        *(LossCase(f"steady, {size:,} a day", "two-way", markets.steady(size), two_way) for size in SIZES),
    ]


def _segment_cases(market: str, lifts: Floats, highest: float) -> list[LossCase]:
    simulated = markets.market_of_segments(lifts)
    return [
        LossCase(market, "partial pooling", simulated, policies.two_way(), highest=highest),
        LossCase(market, "one split", simulated, policies.pooled_segments),
        LossCase(market, "separate", simulated, policies.separate_segments),
    ]


def measure_loss(case: LossCase, runs: int) -> LossRow:
    """Simulate a case and measure the loss that remains."""
    loss = _simulate(case.simulated, case.split, runs, case.every_days).remaining_loss()
    half_width = 1.96 * loss.std(ddof=1) / np.sqrt(runs)
    return LossRow(
        case=case, mean=float(loss.mean()), half_width=float(half_width), high=float(np.quantile(loss, 0.95))
    )


def measure_truths(runs: int) -> list[TruthRow]:
    """Measure what each policy makes of no difference and of an effect of the last arm, under a trend."""
    splits = {
        "two-way, floor 2 %": policies.two_way(),
        "two-way, floor 5 %": policies.two_way(0.05),
        "pooled means": policies.pooled_means(),
        "even split": policies.even_split,
    }
    truths = {"no difference": np.ones(4), "+20 % of one arm": np.array([1, 1, 1, 1 + PLANTED_LIFT])}
    return [
        _truth_row(truth, policy, _simulate(markets.trending(lifts), split, runs))
        for truth, lifts in truths.items()
        for policy, split in splits.items()
    ]


def measure_change_test(runs: int) -> dict[str, float]:
    """Return the share of runs in which the test of change is below .05 at the end, by market."""
    simulated = {"steady": markets.steady(), "rate 3 to 9 %": markets.trending(), "winner changes": markets.changing()}
    return {
        name: float(np.mean(change_of_effects(_final_counts(_simulate(market, policies.two_way(), runs))) < 0.05))
        for name, market in simulated.items()
    }


def _simulate(market: SimulatedMarket, policy: AllocationPolicy, runs: int, every_days: int = 1) -> SimulatedRuns:
    return simulate_policy(market, policy, runs, np.random.default_rng(SEED), every_days)


def _truth_row(truth: str, policy: str, runs: SimulatedRuns) -> TruthRow:
    effect = float((runs.rates[:, 0, 3] - runs.rates[:, 0, 0]).mean())
    weighted, pooled = runs.weighted_difference(3, 0), runs.pooled_difference(3, 0)
    return TruthRow(
        truth=truth,
        policy=policy,
        concentrated=float((runs.probabilities[:, -1] > 0.9).any((1, 2)).mean()),
        weighted_rejects=_outside(weighted, 0.0),
        weighted_covers=1 - _outside(weighted, effect),
        pooled_rejects=_outside(pooled, 0.0),
        pooled_covers=1 - _outside(pooled, effect),
    )


def _outside(estimate: tuple[Floats, Floats], truth: float) -> float:
    """Return the share of the 95 % intervals that do not contain a value."""
    difference, error = estimate
    return float(np.mean(np.abs(difference - truth) > 1.96 * error))


def _final_counts(runs: SimulatedRuns) -> ArmCounts:
    units, conversions = (values.transpose(0, 2, 1, 3) for values in (runs.units, runs.conversions))
    days = np.arange(units.shape[2] - 1, -1, -1, dtype=np.float64)
    return ArmCounts(units=units, exposure=units, conversions=conversions, days_ago=days)
