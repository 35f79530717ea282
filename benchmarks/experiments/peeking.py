"""Peeking: an even split of customers who order or not is watched daily, with and without a rule for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Floats
from training.experiments.sequential.confidence_sequence import band_multiplier
from training.experiments.sequential.spending import look_bounds, spent_alpha

DAYS, PER_DAY, RATE = 28, 2_000, 0.05
LOOK_DAYS = (7, 14, 21, 28)
LIFT = 0.1


@dataclass(frozen=True)
class PeekingRow:
    """One rule: how often it decides without a difference, how often with +10 %, when, and how it overstates."""

    rule: str
    wrong: float
    power: float
    day: float  # of the decision, mean over the decided runs
    overstated: float  # mean of the estimate at the decision over the true effect


@dataclass(frozen=True)
class _Walks:
    """Differences of the two rates with their standard errors at the end of each day, (runs, days)."""

    difference: Floats
    error: Floats
    customers: Floats  # (days,)

    @property
    def z(self) -> Floats:
        """The z statistic at the end of each day."""
        return self.difference / self.error


def measure_peeking(runs: int, seed: int = 0) -> list[PeekingRow]:
    """Simulate runs without a difference and with +10 %, and apply every rule to both."""
    rng = np.random.default_rng(seed)
    null, real = _walk(rng, RATE, runs), _walk(rng, RATE * (1 + LIFT), runs)
    return [_row(rule, decides, null, real) for rule, decides in _rules(null.customers).items()]


def _rules(customers: Floats) -> dict[str, Callable[[Floats], Booleans]]:
    """The rules: from the z statistics (runs, days), on which days each would decide."""
    looks = np.isin(np.arange(1, DAYS + 1), LOOK_DAYS)
    declared = np.full(DAYS, np.inf)
    declared[looks] = _bounds(customers[looks])
    daily, band = _bounds(customers), band_multiplier(customers)
    last = np.arange(DAYS) == DAYS - 1
    return {
        "one look at the end": lambda z: (np.abs(z) > 1.96) & last,
        "four declared looks": lambda z: np.abs(z) > declared,
        "a declared look every day": lambda z: np.abs(z) > daily,
        "band, every day": lambda z: np.abs(z) > band,
        "p < .05, every day": lambda z: np.abs(z) > 1.96,
    }


def _bounds(customers: Floats) -> Floats:
    return look_bounds(customers, spent_alpha(customers / customers[-1], 0.05))


def _walk(rng: np.random.Generator, rate: float, runs: int) -> _Walks:
    each = np.full((runs, DAYS), PER_DAY // 2)
    sums = [rng.binomial(each, share).cumsum(axis=1) for share in (RATE, rate)]
    customers = PER_DAY // 2 * np.arange(1, DAYS + 1, dtype=np.float64)
    control, treated = (total / customers for total in sums)
    error = np.sqrt((control * (1 - control) + treated * (1 - treated)) / customers)
    return _Walks(treated - control, error, 2 * customers)


def _row(rule: str, decides: Callable[[Floats], Booleans], null: _Walks, real: _Walks) -> PeekingRow:
    hits = decides(real.z)
    decided, day = hits.any(axis=1), hits.argmax(axis=1)
    better = decided & (real.difference[np.arange(len(day)), day] > 0)
    estimates = real.difference[np.arange(len(day)), day][better]
    return PeekingRow(
        rule=rule,
        wrong=float(decides(null.z).any(axis=1).mean()),
        power=float(better.mean()),
        day=float(day[better].mean()) + 1,
        overstated=float(estimates.mean() / (RATE * LIFT)),
    )
