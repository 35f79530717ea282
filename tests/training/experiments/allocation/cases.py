"""Cases: the units of small experiments, from rows written by hand or drawn with a seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.experiments.allocation.arm_counts import ArmCounts
from training.experiments.record.experiment import Experiment
from training.experiments.units import Units

NEVER = float("inf")
Row = tuple[int, float, float]  # arm, age in days, days to the first conversion


def experiment(arms: int = 2, segments: str | None = None, **allocation: object) -> Experiment:
    """Return an adaptive experiment that is judged by orders within 7 days."""
    return Experiment.model_validate({
        "id": "win-back",
        "arms": [{"name": f"arm-{k}", "control": k == 0} for k in range(arms)],
        "allocation": {"kind": "adaptive", "warm_up": {"units": 0, "conversions": 0}, **allocation},
        "outcome": {"kind": "order", "within_days": 7},
        "ends_on": "2027-04-12",
        "segments": segments,
    })  # fmt: skip


def units_of(
    rows: Sequence[Row], arms: int = 2, segment: Sequence[int] | None = None, segments: tuple[str, ...] = ()
) -> Units:
    """Return the units of these rows; the day of the decision is that of the age, before day 100."""
    arm, age, delay = (np.array(column) for column in zip(*rows, strict=True)) if rows else [np.zeros(0)] * 3
    return units_from(arm, age, delay, arms, np.full(len(rows), -1) if segment is None else np.array(segment), segments)


def units_from(
    arm: NDArray[Any],
    age: NDArray[Any],
    delay: NDArray[Any],
    arms: int,
    segment: NDArray[Any],
    segments: tuple[str, ...] = (),
) -> Units:
    """Return the units of these columns, each (n,)."""
    return Units(
        arms=tuple(f"arm-{k}" for k in range(arms)),
        control=0,
        arm=arm.astype(np.int8),
        probabilities=np.full((len(arm), arms), 1 / arms),
        day=(100 - np.floor(age)).astype(np.int64),
        epoch=np.ones(len(arm), np.int64),
        age_days=age.astype(np.float64),
        segment=segment.astype(np.int8),
        segments=segments,
        covariates=np.zeros((len(arm), 0)),
        values={"order_7d": np.where(age >= 7, (delay < 7).astype(float), np.nan)},
        delay_days={"order_7d": delay.astype(np.float64)},
    )


def random_units(
    rng: np.random.Generator, customers: int, rates: Sequence[float], mean_delays: Sequence[float]
) -> Units:
    """Return customers of 20 days, whose rate and mean delay are those of their arm."""
    arm = rng.integers(len(rates), size=customers)
    delay = rng.exponential(np.array(mean_delays)[arm])
    converts = rng.random(customers) < np.array(rates)[arm]
    age = rng.integers(20, size=customers) + 0.5
    return units_from(arm, age, np.where(converts, delay, NEVER), len(rates), np.full(customers, -1))


def counts_of(units: NDArray[Any], conversions: NDArray[Any]) -> ArmCounts:
    """Return the counts of one run, whose units are all matured; arrays of shape (segments, strata, arms)."""
    strata = units.shape[1]
    return ArmCounts(
        units=units[None].astype(np.float64),
        exposure=units[None].astype(np.float64),
        conversions=conversions[None].astype(np.float64),
        days_ago=np.arange(strata - 1, -1, -1, dtype=np.float64),
    )
