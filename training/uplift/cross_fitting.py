"""Cross-fitting: every customer is scored by candidates that were fitted on other customers.

Chernozhukov et al. (2018), "Double/debiased machine learning". A ranking that is judged on its own training rows
always seems to work, also where there is nothing to find.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats, Integers
from training.dataset.randomised_sample import RandomisedSample
from training.inference.uplift.uplift_scores import BoostedTLearner
from training.model import GradientBoostingTrainer
from training.uplift.candidates import CANDIDATES
from training.uplift.doubly_robust import doubly_robust_scores

FOLDS = 5


@dataclass(frozen=True)
class CrossFit:
    """Cross-fit: out-of-fold scores of every candidate and the effects on which they are judged."""

    scores: Mapping[str, Floats]  # candidate -> (n,)
    effects: Floats  # (n,) doubly robust scores
    fold: Integers  # (n,)

    def ranks(self, name: str) -> Floats:
        """The ranks of a candidate's scores within each fold, (n,), 0 to 1: models of two folds are not compared."""
        return ranks_within(self.fold, self.scores[name])


def assign_folds(sample: RandomisedSample, rng: np.random.Generator, folds: int = FOLDS) -> Integers:
    """A fold for each customer, (n,), at random, with even shares of the treated."""
    fold = np.empty(len(sample), dtype=np.int64)
    for arm in (sample.treated, ~sample.treated):
        fold[arm] = rng.permutation(int(arm.sum())) % folds
    return fold


def cross_fit(sample: RandomisedSample, fold: Integers, boost: GradientBoostingTrainer) -> CrossFit:
    """Fit every candidate on all folds but one, and score that one; the boosted T-learner predicts the outcomes too."""
    scores = {name: np.empty(len(sample)) for name in CANDIDATES}
    effects = np.empty(len(sample))
    for held_out in np.unique(fold):
        judged = fold == held_out
        training, test = sample.select(~judged), sample.select(judged)
        for name, fit in CANDIDATES.items():
            candidate = fit(training, boost)
            scores[name][judged] = candidate.score(test.inputs)
            if isinstance(candidate, BoostedTLearner):
                treated, control = (arm.score(test.inputs) for arm in (candidate.treated, candidate.control))
                effects[judged] = doubly_robust_scores(test, treated, control)
    return CrossFit(scores, effects, fold)


def ranks_within(fold: Integers, scores: Floats) -> Floats:
    """Mid-ranks of scores (n,) within each fold, (n,), 0 to 1."""
    ranks = np.empty(len(scores))
    for number in np.unique(fold):
        mask = fold == number
        _, group, counts = np.unique(scores[mask], return_inverse=True, return_counts=True)
        ranks[mask] = ((np.cumsum(counts) - 0.5 * counts) / mask.sum())[group]
    return ranks
