"""Gradient boosting of small trees on every input and BTYD's answer, which finds what no regression was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.inference.average.question_inputs import QuestionInputs
from training.inference.tiers.lightgbm_runtime import Booster
from training.member import Member, MemberTrainers, QuestionRows, Target
from training.model import Artifact, BoostingParams

FILE = "small_trees.txt"
BTYD_NAMES = ("btyd_log_odds", "btyd_log_orders")
TREE_PARAMS: BoostingParams = {
    "num_iterations": 100,
    "learning_rate": 0.05,
    "num_leaves": 4,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
}
PARAMS: Mapping[Target, BoostingParams] = {
    Target.ORDER: {"objective": "binary", **TREE_PARAMS},
    Target.ORDERS: {"objective": "poisson", **TREE_PARAMS, "num_iterations": 120},
}


@dataclass(frozen=True)
class SmallTrees:
    """Small trees: a boosted ensemble over the inputs and BTYD's two answers."""

    booster: Booster

    def scores(self, question: QuestionInputs) -> Floats:
        """Scores on the scale of the link, (n,)."""
        return self.booster.raw_scores(extended_inputs(question))

    def attributions(self, question: QuestionInputs) -> Floats:
        """SHAP values (Lundberg et al. 2020), (n, names + 1); the last column is what BTYD's answer adds."""
        shap_values, width = self.booster.shap_values(extended_inputs(question)), len(question.names)
        return np.column_stack([shap_values[:, :width], shap_values[:, width:-1].sum(axis=1)])


def extended_inputs(question: QuestionInputs) -> Floats:
    """The inputs followed by BTYD's two answers, (n, names + 2)."""
    return np.column_stack([question.customers.inputs, question.btyd_log_odds, question.btyd_log_orders])


def with_leaf_size(params: BoostingParams, rows: int) -> BoostingParams:
    """The parameters with at least 20 rows, and a two hundredth of them, in a leaf."""
    return {**params, "min_data_in_leaf": max(20, rows // 200)}


def fit(rows: QuestionRows, trainers: MemberTrainers) -> Artifact:
    """Fit small trees (Friedman 2001, "Greedy function approximation"); a leaf has at least a 200th of the rows."""
    params = with_leaf_size(PARAMS[rows.target], len(rows.outcome))
    names = (*rows.question.names, *BTYD_NAMES)
    return {FILE: trainers.boost(extended_inputs(rows.question), rows.outcome, params, names, weight=rows.weight)}


def load(artifact: Mapping[str, str]) -> SmallTrees:
    """Load the member from its files."""
    return SmallTrees(Booster(artifact[FILE]))


MEMBER = Member(name="small_trees", summary="Gradient boosting of trees with four leaves", fit=fit, load=load)
