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


@dataclass(frozen=True, kw_only=True)
class LossCase:
    """A market and a policy, whose loss that remains is measured."""

    market: str
    policy: str
    simulated: SimulatedMarket
    split: AllocationPolicy
    highest: float | None = None  # the bar


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
    differ, agree = (markets.segmented(lifts) for lifts in (markets.different_winners(), markets.same_winner()))
    cases: list[tuple[str, str, SimulatedMarket, AllocationPolicy, float | None]] = [
        ("steady, 1,000 a day", "two-way, floor 2 %", steady, policies.two_way(), 0.42),
        ("steady, 1,000 a day", "two-way, floor 5 %", steady, policies.two_way(0.05), 0.50),
        ("steady, 1,000 a day", "pooled means", steady, policies.pooled_means(), None),
        ("rate 3 to 9 %", "two-way", trend, policies.two_way(), None),
        ("rate 3 to 9 %", "pooled means", trend, policies.pooled_means(), None),
        ("sale week", "two-way", sale, policies.two_way(), None),
        ("sale week", "pooled means", sale, policies.pooled_means(), None),
        ("outcomes of 28 days", "two-way", slow, policies.two_way(), 0.38),
        ("outcomes of 28 days", "matured days only", slow, policies.matured_only(28), None),
        ("outcomes of 28 days", "pooled means", slow, policies.pooled_means(), None),
        ("winner changes on day 30", "half-life 10 days", changing, policies.two_way(half_life_days=10), 0.68),
        ("winner changes on day 30", "no half-life", changing, policies.two_way(), None),
        ("steady, 1,000 a day", "half-life 10 days", steady, policies.two_way(half_life_days=10), None),
        ("three segments, winners differ", "partial pooling", differ, policies.two_way(), 0.48),
        ("three segments, winners differ", "one split", differ, policies.pooled_segments, None),
        ("three segments, winners differ", "separate", differ, policies.separate_segments, None),
        ("three segments, same winner", "partial pooling", agree, policies.two_way(), 0.32),
        ("three segments, same winner", "one split", agree, policies.pooled_segments, None),
        ("three segments, same winner", "separate", agree, policies.separate_segments, None),
        *((f"steady, {size:,} a day", "two-way", markets.steady(size), policies.two_way(), None) for size in SIZES),
    ]
    return [
        LossCase(market=market, policy=policy, simulated=simulated, split=split, highest=highest)
        for market, policy, simulated, split, highest in cases
    ]


def measure_loss(case: LossCase, runs: int) -> LossRow:
    """Simulate a case and measure the loss that remains."""
    loss = _simulate(case.simulated, case.split, runs).remaining_loss()
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
        name: float(np.mean(change_of_effects(_matured(_simulate(market, policies.two_way(), runs))) < 0.05))
        for name, market in simulated.items()
    }


def _simulate(market: SimulatedMarket, policy: AllocationPolicy, runs: int) -> SimulatedRuns:
    return simulate_policy(market, policy, runs, np.random.default_rng(SEED))


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


def _matured(runs: SimulatedRuns) -> ArmCounts:
    units, conversions = (values.transpose(0, 2, 1, 3) for values in (runs.units, runs.conversions))
    days = np.arange(units.shape[2] - 1, -1, -1, dtype=np.float64)
    return ArmCounts(units=units, exposure=units, conversions=conversions, days_ago=days)
