"""Rows of the log that attribution needs, as NumPy arrays: touches, orders, and decisions of experiments."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from features.arrays import Booleans, Floats, Integers, RowIndices

MIN_SERVED_SHARE = 0.8


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows with one array per column, each of shape (n,), ordered by customer and instant."""

    customer: Integers  # from 0
    at: Integers  # microseconds since 1970 UTC

    def __len__(self) -> int:
        return len(self.customer)

    def select(self, rows: Booleans | RowIndices) -> Self:
        """These rows, in their order."""
        return type(self)(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def sort(self) -> Self:
        """The rows by customer and instant."""
        return self.select(np.lexsort((self.at, self.customer)))


@dataclass(frozen=True, kw_only=True)
class TouchRows(Rows):
    """Touches: messages that were sent to a customer, or withheld at random."""

    day: Integers  # local day, days since 1970
    channel: Integers  # position in the channels, -1 for none
    campaign: Integers  # position in the campaigns, -1 for none
    treated: Booleans  # False for a touch that was withheld
    probability: Floats  # of being treated, whether the row was or not; NaN where it was not logged
    cost: Floats  # in the currency of the shop, 0 where it was not logged
    in_experiment: Booleans  # a decision of an experiment led to the touch, so that no draw of its own did


@dataclass(frozen=True, kw_only=True)
class OrderRows(Rows):
    """Orders: each a conversion, at the instant of its first line."""

    day: Integers  # local day, days since 1970


@dataclass(frozen=True, kw_only=True)
class DecisionRows(Rows):
    """Decisions of experiments that have a channel and a control arm: the first of each customer and experiment."""

    day: Integers  # local day, days since 1970
    channel: Integers
    campaign: Integers  # the experiment
    treated: Booleans  # an arm other than control was drawn
    probability: Floats  # of any other arm than control; NaN where it was not logged
    window_days: Integers  # of the outcome of the experiment


@dataclass(frozen=True, kw_only=True)
class AttributionLog:
    """Attribution log: what was sent, withheld and ordered by n customers around a period."""

    customers: int
    channels: tuple[str, ...]
    campaigns: tuple[str, ...]
    touches: TouchRows
    orders: OrderRows  # also those of before the period
    decisions: DecisionRows
    first_day: int  # the first local day of the log, days since 1970
    last_day: int  # the last local day with an order
    served_rate: Floats  # (n,) orders per day as predicted before the period, NaN for who had no prediction

    @property
    def has_served_rates(self) -> bool:
        """Whether enough customers had a prediction that customers can be compared by it."""
        return bool(len(self.served_rate)) and float(np.isfinite(self.served_rate).mean()) >= MIN_SERVED_SHARE
