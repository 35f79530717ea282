"""Boosted learners: gradient boosted trees of the outcome, which find interactions that no regression was given."""

from __future__ import annotations

from training.dataset.randomised_sample import RandomisedSample
from training.inference.uplift.uplift_scores import BoostedResponse, BoostedSLearner, BoostedTLearner, with_treatment
from training.model import BoostingParams, GradientBoostingTrainer

TREATMENT = "treatment"
PARAMS: BoostingParams = {  # one setting for every experiment
    "num_iterations": 100,
    "learning_rate": 0.05,
    "num_leaves": 8,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "min_data_in_leaf": 50,
}


def fit_boosted_t_learner(sample: RandomisedSample, boost: GradientBoostingTrainer) -> BoostedTLearner:
    """One ensemble for the treated and one for the others (Künzel et al. 2019, "Metalearners")."""
    parts = (sample.select(sample.treated), sample.select(~sample.treated))
    return BoostedTLearner(*(_fit(part, boost, is_binary=sample.is_binary) for part in parts))


def fit_boosted_s_learner(sample: RandomisedSample, boost: GradientBoostingTrainer) -> BoostedSLearner:
    """One ensemble that has the treatment as its last input (Künzel et al. 2019, "Metalearners")."""
    inputs, names = with_treatment(sample.inputs, sample.treated.astype(float)), (*sample.names, TREATMENT)
    text = boost(inputs, sample.outcome, _params(is_binary=sample.is_binary), names)
    return BoostedSLearner(BoostedResponse(text, is_binary=sample.is_binary))


def _fit(part: RandomisedSample, boost: GradientBoostingTrainer, *, is_binary: bool) -> BoostedResponse:
    return BoostedResponse(
        boost(part.inputs, part.outcome, _params(is_binary=is_binary), part.names), is_binary=is_binary
    )


def _params(*, is_binary: bool) -> BoostingParams:
    return {**PARAMS, "objective": "binary" if is_binary else "regression"}
