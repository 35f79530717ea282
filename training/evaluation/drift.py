"""Feature drift: the population stability index of every input between two populations (Siddiqi 2006, chapter 6).

A quarter is called a shift by convention, a tenth worth a look. Chance alone makes the index of small populations
large: (bins - 1) (1/n + 1/m) on average, with the quantiles of a chi-square (Yurdakul & Naranjo 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from features.arrays import Floats
from training.monitoring.population_stability import BINS, population_stability_index

WORTH_A_LOOK, SHIFTED = 0.1, 0.25
CHANCE_LEVEL = 0.999  # of the chi-square: one in a thousand features drifts by chance


@dataclass(frozen=True)
class FeatureDrift:
    """Drift of one input."""

    name: str
    psi: float
    reference_median: float  # NaN where nobody has a value
    current_median: float


def drifted_features(names: Sequence[str], reference: Floats, current: Floats) -> list[FeatureDrift]:
    """The inputs that drifted more than chance explains, most first.

    Args:
        names: names of the inputs.
        reference: (n, names), NaN where missing.
        current: (m, names).
    """
    chance = chi2.ppf(CHANCE_LEVEL, BINS) * (1 / max(len(reference), 1) + 1 / max(len(current), 1))
    drifts = [
        FeatureDrift(name, population_stability_index(before, after), _median(before), _median(after))
        for name, before, after in zip(names, reference.T, current.T, strict=True)
    ]
    found = [drift for drift in drifts if drift.psi >= max(WORTH_A_LOOK, chance)]
    return sorted(found, key=lambda drift: -drift.psi)


def _median(values: Floats) -> float:
    observed = values[~np.isnan(values)]
    return float(np.median(observed)) if len(observed) else float("nan")
