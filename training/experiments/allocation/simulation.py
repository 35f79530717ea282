"""Simulation of allocations: customers who come daily, convert late, and are drawn by the policy that is judged.

The policy sees what a shop would see on that morning. All runs go forward together, one array operation a day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.experiments.allocation.arm_counts import ArmCounts
from training.experiments.allocation.thompson import allocate
from training.experiments.record.experiment import Allocation

AllocationPolicy = Callable[[ArmCounts, np.random.Generator], Floats]  # next probabilities, (runs, segments, arms)


@dataclass(frozen=True, kw_only=True)
class SimulatedMarket:
    """A market: what each arm converts, and how late."""

    rates: Floats  # (days, segments, arms) probability to convert within the window
    customers: int  # a day and segment
    delays: Floats  # (window_days,) share of the conversions on each day since the decision


@dataclass(frozen=True, kw_only=True)
class SimulatedRuns:
    """The runs of a policy in a market; arrays have the shape (runs, days, segments, arms)."""

    rates: Floats  # (days, segments, arms)
    probabilities: Floats
    units: Floats
    conversions: Floats  # within the window, those to come included

    def remaining_loss(self) -> Floats:
        """Return the conversions lost against always the best arm, over those an even split loses, (runs,)."""
        gap = self.rates.max(-1, keepdims=True) - self.rates
        even = (gap.mean(-1) * self.units[0].sum(-1)).sum()
        loss: Floats = (gap * self.units).sum((1, 2, 3)) / even
        return loss

    def weighted_difference(self, arm: int, control: int) -> tuple[Floats, Floats]:
        """Return the difference of two arms weighted by 1 / probability (Hajek), and its standard error, (runs,)."""
        (mean, variance), (other_mean, other_variance) = (
            _mean_and_variance(self.units[..., k], self.conversions[..., k], 1 / self.probabilities[..., k])
            for k in (arm, control)
        )
        return mean - other_mean, np.sqrt(variance + other_variance)

    def pooled_difference(self, arm: int, control: int) -> tuple[Floats, Floats]:
        """Return the difference of two plain means and its standard error, (runs,): a trend misleads both."""
        (mean, variance), (other_mean, other_variance) = (
            _mean_and_variance(self.units[..., k], self.conversions[..., k], np.ones(())) for k in (arm, control)
        )
        return mean - other_mean, np.sqrt(variance + other_variance)


def simulate_policy(
    market: SimulatedMarket, policy: AllocationPolicy, runs: int, rng: np.random.Generator, every_days: int = 1
) -> SimulatedRuns:
    """Simulate a policy that chooses new probabilities every so many days; it begins with an even split."""
    days, segments, arms = market.rates.shape
    shape = (runs, days, segments, arms)
    probabilities, units = np.empty(shape), np.zeros(shape)
    known_by_age = np.zeros((*shape, len(market.delays)))  # conversions by the days they took, running total
    current = np.full((runs, segments, arms), 1 / arms)
    for day in range(days):
        if day and day % every_days == 0:
            current = policy(_known_counts(units[:, :day], known_by_age[:, :day]), rng)
        probabilities[:, day] = current
        units[:, day] = rng.multinomial(market.customers, current)
        converted = rng.binomial(units[:, day].astype(np.int64), market.rates[day])
        known_by_age[:, day] = rng.multinomial(converted, market.delays).cumsum(-1)
    return SimulatedRuns(
        rates=market.rates, probabilities=probabilities, units=units, conversions=known_by_age[..., -1]
    )


def thompson_policy(allocation: Allocation, draws: int = 100) -> AllocationPolicy:
    """Return the policy of an adaptive experiment, all of whose arms are active; fewer draws than at night suffice."""

    def policy(counts: ArmCounts, rng: np.random.Generator) -> Floats:
        arms = counts.units.shape[-1]
        return allocate(counts, allocation, np.full(arms, 1 / arms), rng, draws)

    return policy


def truncated_delays(window_days: int, mean_days: float) -> Floats:
    """Return the share of conversions on each day of a window, (window_days,): an exponential delay, cut at its end."""
    edges = np.exp(-np.arange(window_days + 1) / mean_days)
    share = edges[:-1] - edges[1:]
    return np.asarray(share / share.sum())


def _known_counts(units: Floats, known_by_age: Floats) -> ArmCounts:
    """Return what is known on the morning after the last day; a day's units have the same age, so exposure is units."""
    days, window_days = units.shape[1], known_by_age.shape[-1]
    age = np.minimum(np.arange(days, 0, -1), window_days)
    conversions = known_by_age[:, np.arange(days), :, :, age - 1].transpose(1, 2, 0, 3)
    by_segment = units.transpose(0, 2, 1, 3)
    return ArmCounts(
        units=by_segment,
        exposure=by_segment,
        conversions=conversions,
        days_ago=np.arange(days - 1, -1, -1, dtype=np.float64),
    )


def _mean_and_variance(units: Floats, conversions: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return the weighted mean of one arm and its variance by linearisation, (runs,)."""
    total = (units * weight).sum((1, 2))
    mean = (conversions * weight).sum((1, 2)) / total
    rate = mean[:, None, None]
    squares = conversions * (1 - rate) ** 2 + (units - conversions) * rate**2
    return mean, (weight**2 * squares).sum((1, 2)) / total**2
