"""Change of the arm effects: whether they are the same in both halves of an experiment (Cochran's Q of two periods).

Evidence of change is the reason to give the next experiment a half-life; without change a half-life costs conversions.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.stats import chi2

from features.arrays import Booleans, Floats
from training.experiments.allocation.arm_counts import ArmCounts
from training.experiments.allocation.arm_effects import fit_arm_effects


def change_of_effects(counts: ArmCounts) -> Floats:
    """Return the p-value, (runs,), that the arm effects of the earlier and of the later half of the days are the same.

    The test is for one look (Cochran, Biometrics 10, 1954). Segments are strata of it.
    """
    merged = counts.merge_segments()
    middle = merged.days_ago.max(initial=0) / 2
    early, late = merged.days_ago > middle, merged.days_ago <= middle
    separate, freedom = np.zeros(len(merged.units)), -_fit_statistic(merged)[1]
    for half in (early, late):
        statistic, rank = _fit_statistic(_keep_strata(merged, half))
        separate, freedom = separate + statistic, freedom + rank
    difference = np.maximum(separate - _fit_statistic(merged)[0], 0)
    return np.where(freedom > 0, chi2.sf(difference, np.maximum(freedom, 1)), 1.0)


def _fit_statistic(counts: ArmCounts) -> tuple[Floats, Floats]:
    """Return the chi-square of the arm effects against none, and its degrees of freedom, (runs,) each."""
    information = fit_arm_effects(counts, np.ones_like(counts.days_ago))
    precision, score = information.precision[:, 0], information.score[:, 0]
    effects = (np.linalg.pinv(precision, hermitian=True) @ score[..., None])[..., 0]
    return (score * effects).sum(-1), np.linalg.matrix_rank(precision, hermitian=True).astype(np.float64)


def _keep_strata(counts: ArmCounts, chosen: Booleans) -> ArmCounts:
    return replace(
        counts,
        units=counts.units[:, :, chosen],
        exposure=counts.exposure[:, :, chosen],
        conversions=counts.conversions[:, :, chosen],
        days_ago=counts.days_ago[chosen],
    )
