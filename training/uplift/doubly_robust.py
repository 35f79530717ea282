"""Doubly robust scores: one unbiased, noisy estimate of the effect on each customer.

With the probability of treatment known, their mean in any group chosen before is the group's average effect, whatever
the outcome models are worth; good ones only make it more precise. Robins & Rotnitzky (1995), "Semiparametric efficiency
in multivariate regression models with missing data"; Chernozhukov et al. (2018), "Double/debiased machine learning".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.dataset.randomised_sample import RandomisedSample
from training.inference.uplift.calibration import NORMAL_975


@dataclass(frozen=True)
class Estimate:
    """Estimate: a value with its standard error; its interval is the normal 95 % one."""

    value: float
    standard_error: float

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval."""
        return self.value - NORMAL_975 * self.standard_error

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval."""
        return self.value + NORMAL_975 * self.standard_error


def doubly_robust_scores(sample: RandomisedSample, treated: Floats, control: Floats) -> Floats:
    """Scores of the effect on each customer, (n,).

    Args:
        sample: n customers.
        treated: (n,) the expected outcome with treatment, by a model that did not see the customer.
        control: (n,) the same without.
    """
    weighted = np.where(
        sample.treated,
        (sample.outcome - treated) / sample.probability,
        -(sample.outcome - control) / (1 - sample.probability),
    )
    return np.asarray(treated - control + weighted)


def mean_effect(effects: Floats) -> Estimate:
    """The average of doubly robust scores, (n,), with its standard error."""
    return Estimate(float(effects.mean()), float(effects.std(ddof=1) / np.sqrt(len(effects))))
