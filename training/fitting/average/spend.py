"""Spend fitting: the ratio that makes orders times value equal the spend, and trees that correct the product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Floats
from training.fitting.average.btyd_answers import BtydAnswers
from training.fitting.average.question import FOLDS, FittedQuestion
from training.fitting.gradient_boosting import fit_gradient_boosting
from training.inference.average.spend import AveragedSpend, correction_inputs
from training.inference.tiers.lightgbm_runtime import Booster
from training.members.small_trees import TREE_PARAMS, with_leaf_size
from training.model import BoostingParams

WINSORIZED_QUANTILE = 0.998
PARAMS: BoostingParams = {
    "objective": "tweedie",
    "tweedie_variance_power": 1.5,
    **TREE_PARAMS,
    "num_iterations": 60,
}
VALUE_NAME = "log_orders_times_value"


@dataclass(frozen=True)
class FittedSpend:
    """Fitted spend: the model, the text of its trees, and its predictions of rows that it had not seen."""

    model: AveragedSpend
    text: str
    mean: Floats  # (n,) of the rows of the question of orders


def fit_spend(answers: BtydAnswers, orders: FittedQuestion, spend: Floats) -> FittedSpend:
    """Fit the spend within the horizon of ``orders``, by its weights, from the spend that came, (rows,)."""
    mask, days = orders.mask, orders.averaged.days
    question, fold = answers.question(days, mask), answers.rows.fold[mask]
    spend, weight = spend[mask], orders.weight
    cap = float(np.quantile(spend[spend > 0], WINSORIZED_QUANTILE)) if (spend > 0).any() else 0.0
    product = np.exp(orders.scores) * question.customers.order_value
    total = float((weight * np.minimum(spend, cap)).sum())
    ratio = max(total, 1e-6) / max(float((weight * product).sum()), 1e-9)
    log_product = np.log(np.maximum(product * ratio, 1e-9))
    inputs, names = correction_inputs(question, log_product), (*question.names, VALUE_NAME)
    params = with_leaf_size(PARAMS, len(spend))

    def fit(rows: Booleans) -> str:
        return fit_gradient_boosting(
            inputs[rows], np.minimum(spend, cap)[rows], params, names, log_product[rows], weight[rows]
        )

    mean = np.exp(log_product)
    for left_out in FOLDS:
        test = fold == left_out
        if test.any() and not test.all():
            model = AveragedSpend(ratio, Booster(fit(~test)))
            mean[test] = model.predict(question.select(test), orders.scores[test])
    text = fit(np.ones(len(spend), dtype=bool))
    return FittedSpend(AveragedSpend(ratio, Booster(text)), text, mean)
