"""Partial pooling: the posterior of arm effects by segment, between one winner everywhere and one for each segment.

The effects of a segment scatter about common ones, and these about zero: a normal hierarchical model (Gelman et al.,
Bayesian Data Analysis, 3rd edition, section 5.4). How far segments scatter is learned from them: each scatter of a grid
weighs by its marginal likelihood, which is empirical Bayes that keeps its own uncertainty.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.experiments.allocation.arm_effects import ArmInformation

EFFECT_SD = 0.2  # of a common effect, relative to the rate: most campaigns move it by less than 20 %
SEGMENT_SDS = (0.01, 0.05, 0.1, 0.2)  # of a segment's effect about the common one


@dataclass(frozen=True, kw_only=True)
class EffectPosterior:
    """Posterior of the arm effects, given one scatter of the segments."""

    weight: Floats  # (runs,) probability of this scatter
    mean: Floats  # (runs, arms) of the common effects
    covariance: Floats  # (runs, arms, arms)
    segment_mean: Floats  # (runs, segments, arms) of a segment's effects, where the common ones are zero
    segment_covariance: Floats  # (runs, segments, arms, arms)
    pull: Floats  # (runs, segments, arms, arms): what common effects add to a segment's mean

    def sample(self, rng: np.random.Generator, draws: int) -> Floats:
        """Draw the effects of every segment, of shape (runs, segments, draws, arms).

        The draws come in pairs of opposite sign, and all runs share their standard normals: each is as good as its own.
        """
        common = self.mean[:, None] + _normals(rng, draws, len(self.mean[0])) @ _transposed_root(self.covariance)
        noise = _normals(rng, draws, len(self.mean[0])) @ _transposed_root(self.segment_covariance)
        pulled = common[:, None] @ np.swapaxes(self.pull, -1, -2)
        drawn: Floats = self.segment_mean[:, :, None] + pulled + noise
        return drawn


def effect_posteriors(information: ArmInformation) -> list[EffectPosterior]:
    """Return the posterior of the effects of each segment at each scatter of the grid; one segment needs no grid."""
    single = information.score.shape[1] == 1
    pairs = list(_posteriors(information, SEGMENT_SDS[:1] if single else SEGMENT_SDS))
    likelihood = np.stack([log_likelihood for log_likelihood, _ in pairs])
    weight = np.exp(likelihood - likelihood.max(0))
    weight /= weight.sum(0)
    return [EffectPosterior(weight=share, **parts) for share, (_, parts) in zip(weight, pairs, strict=True)]


def _posteriors(information: ArmInformation, sds: tuple[float, ...]) -> Iterator[tuple[Floats, dict[str, Floats]]]:
    """Yield the log marginal likelihood, (runs,), and the posterior at each scatter.

    With the segment's precision L and score h: its effects given the common ones b have the covariance
    M = (L + I / sd^2)^-1 and the mean M (h + b / sd^2); integrated out, the segment tells of b with the precision
    (I - M / sd^2) / sd^2 and the score M h / sd^2.
    """
    precision, score = information.precision, information.score
    unit = np.eye(score.shape[-1])
    for sd in sds:
        covariance = np.asarray(np.linalg.inv(precision + unit / sd**2), dtype=np.float64)
        segment_mean = (covariance @ score[..., None])[..., 0]
        common_precision = ((unit - covariance / sd**2) / sd**2).sum(1) + unit / EFFECT_SD**2
        common_score = (segment_mean / sd**2).sum(1)
        common_covariance = np.linalg.inv(common_precision)
        mean = (common_covariance @ common_score[..., None])[..., 0]
        evidence = (
            -_log_determinant(unit + sd**2 * precision).sum(1)
            + (score * segment_mean).sum((1, 2))
            - _log_determinant(EFFECT_SD**2 * common_precision)
            + (common_score * mean).sum(1)
        ) / 2
        yield (
            evidence,
            {
                "mean": mean,
                "covariance": common_covariance,
                "segment_mean": segment_mean,
                "segment_covariance": covariance,
                "pull": covariance / sd**2,
            },
        )


def _log_determinant(matrix: Floats) -> Floats:
    return np.asarray(np.linalg.slogdet(matrix)[1])


def _transposed_root(covariance: Floats) -> Floats:
    """Return the transposed Cholesky factor; a covariance is symmetric but for rounding."""
    root = np.linalg.cholesky((covariance + np.swapaxes(covariance, -1, -2)) / 2)
    return np.swapaxes(root, -1, -2)


def _normals(rng: np.random.Generator, draws: int, arms: int) -> Floats:
    half = rng.standard_normal((draws // 2, arms))
    return np.concatenate([half, -half])
