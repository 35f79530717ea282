"""Doubly robust scores: one unbiased, noisy estimate of the effect on each customer.

With the probability of treatment known, their mean in any group chosen before is the group's average effect, whatever
the outcome models are worth; good ones only make it more precise. Robins & Rotnitzky (1995), "Semiparametric efficiency
in multivariate regression models with missing data"; Chernozhukov et al. (2018), "Double/debiased machine learning".
"""

from __future__ import annotations

import numpy as np

from features.arrays import Floats
from training.dataset.randomised_sample import RandomisedSample
from training.estimate import Estimate, estimate_from_influence


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
    return estimate_from_influence(effects.mean(), effects)
