"""Estimate: a number with its standard error and 95 % interval, and what each customer adds to its error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats, Integers

Z = 1.959964  # 97.5 % quantile of the normal distribution


@dataclass(frozen=True)
class Estimate:
    """An estimate per attendee and week, with the normal 95 % interval."""

    value: float
    standard_error: float

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return self.value - Z * self.standard_error

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return self.value + Z * self.standard_error

    def overlaps(self, other: Estimate) -> bool:
        """Whether the two intervals share a value."""
        return self.low <= other.high and other.low <= self.high

    def scale(self, factor: float) -> Estimate:
        """The estimate in another unit."""
        return Estimate(self.value * factor, self.standard_error * abs(factor))


def sum_by_customer(influence: Floats, customer: Integers) -> Floats:
    """The sum of a row's influence by customer: a customer who is in several cohorts counts as one cluster."""
    _, position = np.unique(customer, return_inverse=True)
    return np.bincount(position, influence).astype(np.float64)


def clustered_estimate(value: float, influence: Floats, customer: Integers) -> Estimate:
    """The estimate whose error is the sum of the rows' influences, with rows of one customer dependent."""
    return Estimate(float(value), float(np.sqrt((sum_by_customer(influence, customer) ** 2).sum())))
