"""Interval of the mean value of customers, by the bootstrap over customers.

Percentile interval with the bootstrap-t correction for skewed values: few customers bring much, so that the plain
percentile interval lies too low (Efron & Tibshirani 1993, "An Introduction to the Bootstrap", section 12.5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats

RESAMPLES, MAX_BLOCKS = 500, 1_000
CONFIDENCE = 0.95


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure with its interval and the confidence of that."""

    value: float
    low: float
    high: float
    confidence: float

    def scale(self, factor: float, shift: float = 0.0) -> Figure:
        """The figure and its interval after adding ``shift``, in another unit."""
        return Figure(
            value=(self.value + shift) * factor,
            low=(self.low + shift) * factor,
            high=(self.high + shift) * factor,
            confidence=self.confidence,
        )


def mean_interval(values: Floats, seed: int = 0) -> Figure:
    """The mean of the values, (n,), with its 95 % interval; n is at least 2.

    More than 1,000 values are resampled in blocks of equal size, which have the same variance of the mean.
    """
    mean = float(values.mean())
    blocks = _block_means(values, seed)
    error = _standard_errors(blocks[None])[0]
    if error == 0:
        return Figure(value=mean, low=mean, high=mean, confidence=CONFIDENCE)
    rng = np.random.default_rng(seed)
    samples = blocks[rng.integers(0, len(blocks), (RESAMPLES, len(blocks)))]
    errors = np.maximum(_standard_errors(samples), 1e-9 * error)
    studentised = (samples.mean(axis=1) - blocks.mean()) / errors
    low, high = np.quantile(studentised, ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)).tolist()
    return Figure(value=mean, low=mean - high * error, high=mean - low * error, confidence=CONFIDENCE)


def _block_means(values: Floats, seed: int) -> Floats:
    if len(values) <= MAX_BLOCKS:
        return values
    size = -(-len(values) // MAX_BLOCKS)
    shuffled = np.random.default_rng(seed).permutation(values)[: len(values) // size * size]
    means: Floats = shuffled.reshape(-1, size).mean(axis=1)
    return means


def _standard_errors(samples: Floats) -> Floats:
    """The standard error of the mean of each row, (rows,)."""
    errors: Floats = samples.std(axis=1, ddof=1) / np.sqrt(samples.shape[1])
    return errors
