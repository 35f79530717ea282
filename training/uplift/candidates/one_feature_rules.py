"""One-feature rules: customers ranked by a single feature, such as whether they bought womenswear before."""

from __future__ import annotations

import numpy as np

from features.arrays import Floats
from training.dataset.randomised_sample import RandomisedSample
from training.inference.uplift.uplift_scores import OneFeatureRule

MAX_QUANTILES = 200


def fit_one_feature_rule(sample: RandomisedSample) -> OneFeatureRule:
    """The feature and the direction with the greatest Qini on the sample itself.

    The effects are transformed outcomes (Athey & Imbens 2016, "Recursive partitioning for heterogeneous causal
    effects"). A missing value takes the middle of the ranking.
    """
    effects = transformed_outcomes(sample)
    areas = np.array([_area(sample.inputs[:, column], effects) for column in range(len(sample.names))])
    column = int(np.abs(areas).argmax())
    return _rule(sample.inputs[:, column], column, 1 if areas[column] >= 0 else -1)


def transformed_outcomes(sample: RandomisedSample) -> Floats:
    """Unbiased scores of the effect on each customer without a model of the outcome, (n,)."""
    treated, probability = sample.treated.astype(float), sample.probability
    weight = (treated - probability) / (probability * (1 - probability))
    return np.asarray((sample.outcome - sample.outcome.mean()) * weight)


def _area(values: Floats, effects: Floats) -> float:
    rule = _rule(values, 0, 1)
    scores = rule.score(values[:, None])
    return float((effects * (scores - scores.mean())).mean())


def _rule(values: Floats, column: int, sign: int) -> OneFeatureRule:
    observed = np.sort(values[~np.isnan(values)])
    if len(observed) == 0:
        return OneFeatureRule(column, np.zeros(1), sign)
    positions = np.linspace(0, len(observed) - 1, min(len(observed), MAX_QUANTILES)).round().astype(int)
    return OneFeatureRule(column, observed[positions], sign)
