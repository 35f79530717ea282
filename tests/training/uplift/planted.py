"""Planted experiments: samples whose effect on each customer is known."""

from __future__ import annotations

import numpy as np

from features.arrays import Floats
from training.dataset.randomised_sample import RandomisedSample

NAMES = ("bought_before", "recency_days", "noise_1", "noise_2", "noise_3")


def inputs(rng: np.random.Generator, n: int) -> Floats:
    """One binary, one skewed and three irrelevant features, (n, 5), a tenth of the last missing."""
    noise = rng.normal(size=(n, 3))
    noise[rng.uniform(size=n) < 0.1, 2] = np.nan
    return np.column_stack([rng.uniform(size=n) < 0.4, rng.exponential(60, n), noise]).astype(float)


def planted_sample(
    rng: np.random.Generator, n: int, effect: Floats, columns: Floats, probability: float = 0.5
) -> RandomisedSample:
    """A binary outcome with base rate .15 that the treatment raises by ``effect`` (n,)."""
    treated = rng.uniform(size=n) < probability
    outcome = (rng.uniform(size=n) < np.clip(0.15 + effect * treated, 0, 1)).astype(float)
    return RandomisedSample(
        names=NAMES, inputs=columns, treated=treated, probability=np.full(n, probability), outcome=outcome
    )


def one_feature_effect(columns: Floats, size: float = 0.15) -> Floats:
    """An effect on those who bought before alone, (n,)."""
    return size * columns[:, 0]


def crossed_effect(columns: Floats, size: float = 0.14) -> Floats:
    """An effect whose sign depends on two features together, which no regression of single columns finds, (n,)."""
    return size * np.sign(columns[:, 2]) * np.sign(columns[:, 3])
