"""Candidates: the rankings of customers by uplift that are compared, the simplest first.

Nobody and everybody, which rank no one, stand before them: a candidate must first beat those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from training.dataset.randomised_sample import RandomisedSample
from training.inference.uplift.uplift_scores import UpliftScore
from training.model import GradientBoostingTrainer
from training.uplift.candidates.boosted_learners import fit_boosted_s_learner, fit_boosted_t_learner
from training.uplift.candidates.linear_learners import fit_linear_response, fit_linear_t_learner
from training.uplift.candidates.one_feature_rules import fit_one_feature_rule

CANDIDATES: Mapping[str, Callable[[RandomisedSample, GradientBoostingTrainer], UpliftScore]] = {
    "one_feature_rule": lambda sample, _: fit_one_feature_rule(sample),
    "response": lambda sample, _: fit_linear_response(sample),
    "linear_t": lambda sample, _: fit_linear_t_learner(sample),
    "boosted_s": fit_boosted_s_learner,
    "boosted_t": fit_boosted_t_learner,
}
