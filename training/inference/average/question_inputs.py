"""Question inputs: what every member of the average reads of n buyers, for one question over one horizon."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from features.arrays import Booleans, Floats
from training.inference.average.customer_inputs import CustomerInputs
from training.inference.average.regression_columns import RegressionColumns, full_columns, small_columns
from training.inference.log_odds import logit

MIN_EXPECTED_ORDERS = 1e-4  # lower limit of an expected count; its logarithm must be finite


@dataclass(frozen=True)
class QuestionInputs:
    """Question inputs: the customers, BTYD's answer, and the columns of the regressions, each computed once."""

    customers: CustomerInputs
    days: float  # the horizon
    btyd_probability: Floats  # (n,) BTYD's P(order within the horizon)
    btyd_orders: Floats  # (n,) BTYD's expected orders within the horizon

    def __len__(self) -> int:
        return len(self.customers)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the inputs."""
        return self.customers.names

    def select(self, mask: Booleans) -> QuestionInputs:
        """The question for the rows under a mask, (n,)."""
        return QuestionInputs(
            self.customers.select(mask), self.days, self.btyd_probability[mask], self.btyd_orders[mask]
        )

    @cached_property
    def btyd_log_odds(self) -> Floats:
        """Log-odds of BTYD's P(order), (n,)."""
        return logit(self.btyd_probability)

    @cached_property
    def btyd_log_orders(self) -> Floats:
        """Logarithm of BTYD's expected orders, (n,)."""
        return np.asarray(np.log(np.maximum(self.btyd_orders, MIN_EXPECTED_ORDERS)))

    @cached_property
    def small_columns(self) -> RegressionColumns:
        """The columns of the small regression."""
        return small_columns(self.customers, self.days, self.btyd_log_odds, self.btyd_log_orders)

    @cached_property
    def full_columns(self) -> RegressionColumns:
        """The columns of the full regression."""
        return full_columns(self.customers, self.days, self.small_columns)
