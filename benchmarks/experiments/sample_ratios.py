"""Sample ratios: lost customers in simulated splits, and when the e-values find them."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np

from features.arrays import Floats
from training.experiments.refusal import MAX_E_VALUE
from training.experiments.sequential.sample_ratio import fixed_log_e_value, tilts_before

DAYS = 28


@dataclass(frozen=True)
class RatioRow:
    """One split over all runs."""

    split: str
    per_day: int
    found: float  # share of the runs with an alarm within 28 days
    day: float  # of the alarm, median over all runs; infinite where fewer than half have one


def measure_sample_ratios(runs: int, seed: int = 0) -> list[RatioRow]:
    """Simulate fixed splits and splits whose probabilities change, healthy and not."""
    rng, rows = np.random.default_rng(seed), []
    for share, per_day in ((0.5, 20_000), (0.51, 2_000), (0.505, 20_000)):
        name = f"{share:.1%} : {1 - share:.1%}, declared 50 : 50".replace(".0%", "%").replace("%", " %")
        rows.append(_row(name, per_day, _fixed_split_e_values(rng, share, per_day, runs)))
    for remaining in (1.0, 0.98):
        name = "four arms, probabilities change" + ("" if remaining == 1 else f", {1 - remaining:.0%} of one lost")
        rows.append(_row(name.replace("%", " %"), 20_000, _changing_split_e_values(rng, remaining, 20_000, runs)))
    return rows


def _fixed_split_e_values(rng: np.random.Generator, share: float, per_day: int, runs: int) -> Floats:
    first = rng.binomial(per_day, share, (runs, DAYS)).cumsum(axis=1)
    counts = np.stack([first, per_day * np.arange(1, DAYS + 1) - first], axis=-1)
    return fixed_log_e_value(counts, np.array([0.5, 0.5]))


def _changing_split_e_values(rng: np.random.Generator, remaining: float, per_day: int, runs: int) -> Floats:
    probabilities = rng.dirichlet(np.full(4, 20.0), (runs, DAYS))
    drawn = rng.multinomial(per_day, probabilities)
    observed = rng.binomial(drawn, np.array([1.0, 1.0, 1.0, remaining])).astype(np.float64)
    tilts = tilts_before(observed, probabilities * observed.sum(axis=-1, keepdims=True))
    normal = observed.sum(axis=-1) * np.log((probabilities * tilts).sum(axis=-1))
    gains: Floats = (observed * np.log(tilts)).sum(axis=-1) - normal
    return gains.cumsum(axis=1)


def _row(split: str, per_day: int, logs: Floats) -> RatioRow:
    alarms = logs > log(MAX_E_VALUE)
    days = np.where(alarms.any(axis=1), alarms.argmax(axis=1) + 1.0, np.inf)
    return RatioRow(split, per_day, float(np.isfinite(days).mean()), float(np.quantile(days, 0.5, method="lower")))
