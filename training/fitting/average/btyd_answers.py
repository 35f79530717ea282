"""BTYD answers: what one fitted buy-till-you-die model expects of every training row, at every day that is asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Floats
from training.dataset.outcomes import Rows
from training.inference.average.customer_inputs import CustomerInputs, ShopAverages
from training.inference.average.question_inputs import QuestionInputs
from training.inference.tiers.btyd import BtydTier, histories


@dataclass(frozen=True)
class BtydAnswers:
    """BTYD answers of n rows, and the question inputs that follow from them."""

    rows: Rows
    averages: ShopAverages
    days: Floats  # (k,) ascending
    within: Floats  # (n, k) P(order within days[j])
    orders: Floats  # (n, k) expected orders

    def question(self, days: float, mask: Booleans) -> QuestionInputs:
        """The inputs of the masked rows for a horizon, which is one of ``days``."""
        position = int(np.searchsorted(self.days, days))
        customers = CustomerInputs(self.rows.names, self.rows.inputs[mask], self.averages)
        return QuestionInputs(customers, float(days), self.within[mask, position], self.orders[mask, position])


def answer_by_btyd(rows: Rows, btyd: BtydTier, averages: ShopAverages, days: Floats) -> BtydAnswers:
    """Evaluate the model for all rows at ``days``, (k,) ascending."""
    within, orders = btyd.model.order_by_and_expected_orders(*histories(rows.inputs, rows.names), days)
    return BtydAnswers(rows, averages, days, within, orders)
