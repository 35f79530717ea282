"""Policies: how the next customers are split; that of the product, and those that it is compared with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from features.arrays import Floats
from training.experiments.allocation.arm_counts import ArmCounts
from training.experiments.allocation.simulation import AllocationPolicy, thompson_policy
from training.experiments.record.experiment import Allocation


def two_way(floor: float = 0.02, half_life_days: int | None = None) -> AllocationPolicy:
    """Return the policy of the product: Thompson sampling on the two-way fit, segments pooled partially."""
    return thompson_policy(Allocation(kind="adaptive", floor=floor, half_life_days=half_life_days))


def pooled_means(floor: float = 0.02) -> AllocationPolicy:
    """Return Thompson sampling on the plain means of the arms; what has not come yet counts as no."""
    inner = two_way(floor)
    return lambda counts, rng: inner(counts.merge_strata(), rng)


def matured_only(window_days: int) -> AllocationPolicy:
    """Return the policy of the product on days whose whole window is over."""
    inner = two_way()

    def policy(counts: ArmCounts, rng: np.random.Generator) -> Floats:
        known = (counts.days_ago >= window_days - 1)[:, None]
        return inner(
            replace(
                counts,
                units=counts.units * known,
                exposure=counts.exposure * known,
                conversions=counts.conversions * known,
            ),
            rng,
        )

    return policy


def pooled_segments(counts: ArmCounts, rng: np.random.Generator) -> Floats:
    """Return one split for all segments."""
    return np.repeat(two_way()(counts.merge_segments(), rng), counts.units.shape[1], axis=1)


def separate_segments(counts: ArmCounts, rng: np.random.Generator) -> Floats:
    """Return a split for each segment that knows nothing of the others."""
    inner = two_way()
    return np.concatenate([inner(_segment(counts, number), rng) for number in range(counts.units.shape[1])], axis=1)


def even_split(counts: ArmCounts, _: np.random.Generator) -> Floats:
    """Return an even split: what measures best and earns nothing."""
    runs, segments, _strata, arms = counts.units.shape
    return np.full((runs, segments, arms), 1 / arms)


def _segment(counts: ArmCounts, number: int) -> ArmCounts:
    only = slice(number, number + 1)
    return replace(
        counts,
        units=counts.units[:, only],
        exposure=counts.exposure[:, only],
        conversions=counts.conversions[:, only],
    )
