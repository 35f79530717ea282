"""Evaluation metrics over NumPy arrays: ranking, calibration, error, coverage and bootstrap intervals."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from features.arrays import Floats


def auc(score: Floats, outcome: Floats) -> float:
    """Area under the ROC curve, ties counted half; NaN with one class only (Hanley & McNeil 1982)."""
    positive = outcome > 0.5
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if n_positive == 0 or n_negative == 0:
        return float("nan")
    return float((_ranks(score)[positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def average_precision(score: Floats, outcome: Floats) -> float:
    """Mean precision over the positives, by descending score; equal scores share one precision."""
    hits = outcome > 0.5
    if not hits.any():
        return float("nan")
    _, index, count = np.unique(-score, return_inverse=True, return_counts=True)
    hit = np.bincount(index, weights=hits)
    precision = np.cumsum(hit) / np.cumsum(count)
    return float((precision * hit).sum() / hit.sum())


def brier(probability: Floats, outcome: Floats) -> float:
    """Brier score: mean squared error of a probability."""
    return float(np.mean((probability - outcome) ** 2))


def ece(probability: Floats, outcome: Floats, bins: int = 10) -> float:
    """Expected calibration error over bins of equal mass."""
    gaps = [
        len(part) * abs(probability[part].mean() - outcome[part].mean())
        for part in np.array_split(np.argsort(probability, kind="stable"), bins)
        if len(part)
    ]
    return float(sum(gaps) / len(probability))


def normalised_gini(score: Floats, actual: Floats) -> float:
    """Normalised Gini: Gini by score over the Gini of a perfect ranking; tied scores share their amounts equally."""
    best = _gini(actual, actual)
    return _gini(score, actual) / best if best > 0 else float("nan")


def rmse(predicted: Floats, actual: Floats) -> float:
    """Root of the mean squared error."""
    return float(np.sqrt(np.mean((predicted - actual) ** 2)))


def mae(predicted: Floats, actual: Floats) -> float:
    """Mean absolute error."""
    return float(np.mean(np.abs(predicted - actual)))


def bias(predicted: Floats, actual: Floats) -> float:
    """Relative bias: predicted total over actual total, minus 1."""
    total = actual.sum()
    return float(predicted.sum() / total - 1) if total else float("nan")


def decile_mape(predicted: Floats, actual: Floats) -> float:
    """Mean absolute percentage error over ten equal-mass bins by prediction; bins without amounts are left out."""
    parts = [part for part in np.array_split(np.argsort(predicted, kind="stable"), 10) if len(part)]
    errors = [abs(predicted[p].sum() - actual[p].sum()) / actual[p].sum() for p in parts if actual[p].sum() > 0]
    return float(np.mean(errors)) if errors else float("nan")


def concordance(predicted_wait: Floats, wait: Floats, limit: float, pairs: int = 200_000) -> float:
    """Harrell's C over random pairs: how often the customer who ordered sooner was expected sooner; ties count half."""
    rng = np.random.default_rng(0)
    left, right = rng.integers(0, len(wait), (2, pairs))
    sooner, later = np.minimum(wait[left], limit), np.minimum(wait[right], limit)
    usable = (sooner < later) & (wait[left] < limit)
    if not usable.any():
        return float("nan")
    first, second = predicted_wait[left][usable], predicted_wait[right][usable]
    return float(np.mean((second > first) + 0.5 * (second == first)))


def coverage(low: Floats, high: Floats, actual: Floats) -> float:
    """Share of the actual amounts that lie in the interval, its ends included."""
    return float(np.mean((actual >= low) & (actual <= high)))


def difference_interval(worse: Floats, better: Floats, draws: int = 1000, seed: int = 0) -> tuple[float, float, float]:
    """Mean of ``worse - better`` per customer and its 95 % interval, by paired bootstrap.

    Efron & Tibshirani (1993), chapter 13.
    """
    difference = worse - better
    means = [
        weights @ difference.astype(np.float32) / np.maximum(weights.sum(axis=1), 1)
        for weights in _bootstrap_weights(len(difference), draws, seed)
    ]
    low, high = np.quantile(np.concatenate(means), [0.025, 0.975])
    return float(difference.mean()), float(low), float(high)


def share_difference_interval(
    share: tuple[Floats, Floats], other: tuple[Floats, Floats], draws: int = 1000, seed: int = 0
) -> tuple[float, float, float]:
    """Difference of two shares and its 95 % interval, by the same bootstrap; NaN for an empty denominator.

    A share is (parts, wholes): each customer's part of its numerator and of its denominator, (n,) each.
    """
    columns = np.column_stack([*share, *other])
    drawn = [weights @ columns for weights in _bootstrap_weights(len(columns), draws, seed)]
    differences = _share_difference(np.concatenate(drawn))
    finite = differences[~np.isnan(differences)]
    low, high = np.quantile(finite, [0.025, 0.975]) if len(finite) else (np.nan, np.nan)
    return float(_share_difference(columns.sum(axis=0, keepdims=True))[0]), float(low), float(high)


def _share_difference(totals: Floats) -> Floats:
    parts, wholes = totals[:, ::2], totals[:, 1::2]
    share = np.divide(parts, wholes, out=np.full(parts.shape, np.nan), where=wholes > 0)
    return np.asarray(share[:, 0] - share[:, 1])


def _bootstrap_weights(customers: int, draws: int, seed: int) -> Iterator[NDArray[np.float32]]:
    """How often each customer is drawn, (draws, customers), in blocks that fit in memory."""
    rng = np.random.default_rng(seed)
    # A multinomial count of each customer would be exact; Poisson counts give the same interval without a sort.
    block = max(1, 5_000_000 // max(customers, 1))
    for start in range(0, draws, block):
        yield rng.poisson(1.0, (min(block, draws - start), customers)).astype(np.float32)


def _ranks(values: Floats) -> Floats:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]


def _gini(score: Floats, actual: Floats) -> float:
    _, index, count = np.unique(-score, return_inverse=True, return_counts=True)
    tie_mean = np.bincount(index, weights=actual) / count
    share = np.cumsum(np.repeat(tie_mean, count))
    return float(share.sum() / share[-1] - (len(actual) + 1) / 2) / len(actual) if share[-1] > 0 else 0.0
