"""Weighted metrics: ranking, error and calibration of matured predictions with weights, each with an interval.

The weights are 1/P(untreated), so that those who could have been treated and were not stand for all like them
(Horvitz & Thompson 1952). Variances of ratios are linearised (Cochran 1977, section 6.13).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.estimate import Estimate

BINS = 10


def weighted_share(values: Floats, weights: Floats) -> Estimate:
    """Weighted mean of values between 0 and 1, (n,); its error is never that of a share of exactly 0 or 1."""
    total = weights.sum()
    mean = float(weights @ values / total)
    effective = float(total**2 / (weights**2).sum())
    # With no miss at all the next customer may be one (Agresti & Coull 1998).
    floor = ((mean * effective + 2) / (effective + 4)) * (1 - (mean * effective + 2) / (effective + 4)) / effective**2
    variance = float((weights**2 @ (values - mean) ** 2) / total**2)
    return Estimate(mean, max(variance, floor) ** 0.5, 0.0, 1.0)


def observed_over_expected(observed: Floats, expected: Floats, weights: Floats) -> Estimate:
    """Weighted total of the outcomes over that of the predictions, (n,) each; NaN without an expectation."""
    total = float(weights @ expected)
    if total <= 0:
        return Estimate(float("nan"), float("nan"))
    ratio = float(weights @ observed) / total
    residual = weights * (observed - ratio * expected)
    return Estimate(ratio, float(np.sqrt((residual**2).sum())) / total, 0.0)


def weighted_brier(probability: Floats, outcome: Floats, weights: Floats) -> Estimate:
    """Brier score with weights, (n,) each."""
    return weighted_share((probability - outcome) ** 2, weights)


def weighted_auc(score: Floats, outcome: Floats, weights: Floats) -> Estimate:
    """Area under the ROC curve with weights, ties counted half; NaN with one class only.

    The error is that of DeLong et al. (1988), with weighted placements.
    """
    positive = outcome > 0.5
    if not positive.any() or positive.all():
        return Estimate(float("nan"), float("nan"))
    above, below = score[positive], score[~positive]
    up, down = weights[positive], weights[~positive]
    placed = _placements(above, below, down)
    value = float(up @ placed / up.sum())
    placed_below = 1 - _placements(below, above, up)
    variance = (up**2 @ (placed - value) ** 2) / up.sum() ** 2
    variance += (down**2 @ (placed_below - value) ** 2) / down.sum() ** 2
    return Estimate(value, float(np.sqrt(variance)), 0.0, 1.0)


def weighted_ece(probability: Floats, outcome: Floats, weights: Floats) -> tuple[Estimate, Estimate]:
    """Expected calibration error over bins of equal mass, and the part of it that noise alone does not explain.

    The mean of absolute gaps is never negative; the second is less by what true probabilities show on average in bins
    of this size (the bias of binned reliability, Bröcker 2012).
    """
    bins = _equal_mass_bins(probability, weights)
    total = np.bincount(bins, weights, BINS)
    mass = np.maximum(total, 1e-300)
    gap = np.bincount(bins, weights * (outcome - probability), BINS) / mass
    residual = weights * (outcome - probability - gap[bins])
    error = np.sqrt(np.bincount(bins, residual**2, BINS)) / mass
    share = total / total.sum()
    value, noise = float(np.abs(gap) @ share), float(error @ share) * (2 / np.pi) ** 0.5
    beyond_noise, spread = max(value - noise, 0.0), float(np.sqrt(((error * share) ** 2).sum()))
    return Estimate(value, spread, 0.0, 1.0), Estimate(beyond_noise, spread, 0.0, 1.0)


@dataclass(frozen=True)
class DecileTotal:
    """Total of a tenth of the customers, by prediction: what was expected of it and what came."""

    expected: float
    observed: float
    standard_error: float  # of the observed total


def decile_totals(predicted: Floats, observed: Floats, weights: Floats) -> list[DecileTotal]:
    """Totals of ten bins of equal mass by prediction, the lowest first, (n,) each; empty bins are left out."""
    bins = _equal_mass_bins(predicted, weights)
    return [
        DecileTotal(
            expected=float(weights[inside] @ predicted[inside]),
            observed=float(weights[inside] @ observed[inside]),
            standard_error=float(np.sqrt((weights[inside] ** 2 * _squared_residual(observed[inside])).sum())),
        )
        for position in range(BINS)
        if (inside := bins == position).any()
    ]


def effective_size(weights: Floats) -> float:
    """Effective sample size of weights: (sum)^2 / sum of squares (Kish 1965); 0 without any."""
    return float(weights.sum() ** 2 / (weights**2).sum()) if len(weights) else 0.0


def _squared_residual(values: Floats) -> Floats:
    return np.asarray((values - values.mean()) ** 2)


def _placements(scores: Floats, others: Floats, weights: Floats) -> Floats:
    """The weighted share of ``others`` below each score, ties counted half."""
    order = np.argsort(others, kind="stable")
    cumulated = np.concatenate([[0.0], np.cumsum(weights[order])])
    left, right = np.searchsorted(others[order], scores, "left"), np.searchsorted(others[order], scores, "right")
    return np.asarray((cumulated[left] + cumulated[right]) / 2 / cumulated[-1])


def _equal_mass_bins(values: Floats, weights: Floats) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The bin of each value by cumulated weight, (n,); equal values may fall into different bins."""
    order = np.argsort(values, kind="stable")
    middle = np.cumsum(weights[order]) - weights[order] / 2
    bins = np.empty(len(values), dtype=np.int64)
    bins[order] = np.minimum((middle / weights.sum() * BINS).astype(np.int64), BINS - 1)
    return bins
