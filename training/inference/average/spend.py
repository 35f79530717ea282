"""Averaged spend: expected orders times the value of an order, times half of what trees correct on the log scale.

Trees alone cannot follow a customer who buys more than any other, and a regression explodes where habits change; the
product follows the customer, and the trees correct what it misses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.inference.average.question_inputs import QuestionInputs
from training.inference.tiers.lightgbm_runtime import Booster

CORRECTION_SHARE = 0.5  # of the trees' correction, on the log scale


@dataclass(frozen=True)
class AveragedSpend:
    """Averaged spend within one horizon."""

    value_ratio: float  # spend per expected order times its value, over all customers
    correction: Booster  # log of the factor on orders times value

    def predict(self, question: QuestionInputs, log_orders: Floats) -> Floats:
        """Expected net spend, (n,), from the log of the expected orders, (n,)."""
        log_product = log_orders + np.log(np.maximum(question.customers.order_value * self.value_ratio, 1e-9))
        correction = self.correction.raw_scores(correction_inputs(question, log_product))
        return np.asarray(np.exp(log_product + CORRECTION_SHARE * correction))

    def attributions(self, question: QuestionInputs, log_orders: Floats) -> Floats:
        """What the value and the correction add to the log of the spend, (n, names + 1), the expected orders left out.

        The correction's part that stems from orders times value is in the last column.
        """
        log_product = log_orders + np.log(np.maximum(question.customers.order_value * self.value_ratio, 1e-9))
        shap_values = CORRECTION_SHARE * self.correction.shap_values(correction_inputs(question, log_product))
        width = len(question.names)
        terms = np.column_stack([shap_values[:, :width], shap_values[:, width:-1].sum(axis=1)])
        usual = max(question.customers.averages.order_value, 1e-9)
        terms[:, question.names.index("mean_order")] += np.log(np.maximum(question.customers.order_value, 1e-9) / usual)
        return terms


def correction_inputs(question: QuestionInputs, log_product: Floats) -> Floats:
    """The inputs followed by the log of orders times value, (n, names + 1)."""
    return np.column_stack([question.customers.inputs, log_product])
