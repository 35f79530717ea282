"""Daily purchases: spend and orders by customer and local day, with sums over windows of days."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from features.arrays import Floats, Integers


@dataclass(frozen=True, kw_only=True)
class DailyPurchases:
    """Purchases of c customers on m pairs of customer and day; customers are numbered from 0.

    The log covers the days in ``[first_day, end_day)``, days since 1970.
    """

    customers: int
    customer: Integers  # (m,) ascending, then by day
    day: Integers  # (m,)
    spend: Floats  # (m,) net amount in the currency of the shop
    orders: Floats  # (m,)
    first_day: int
    end_day: int

    @classmethod
    def sort(
        cls, customers: int, customer: Integers, day: Integers, spend: Floats, orders: Floats, days: tuple[int, int]
    ) -> DailyPurchases:
        """The purchases from rows in any order; rows of one customer and day are added.

        Args:
            customers: how many customers there are, c.
            customer: (r,) numbers from 0 to c - 1.
            day: (r,) local days since 1970.
            spend: (r,) net amounts.
            orders: (r,) numbers of orders.
            days: the first day of the log, and the day after its last.
        """
        keys, position = np.unique(customer * (days[1] + 1) + day, return_inverse=True)
        return cls(
            customers=customers,
            customer=keys // (days[1] + 1),
            day=keys % (days[1] + 1),
            spend=np.bincount(position, spend, len(keys)).astype(np.float64),
            orders=np.bincount(position, orders, len(keys)).astype(np.float64),
            first_day=days[0],
            end_day=days[1],
        )

    @cached_property
    def first_purchase(self) -> Integers:
        """The day of each customer's first purchase, (c,); ``end_day`` without one."""
        first = np.full(self.customers, self.end_day)
        np.minimum.at(first, self.customer, self.day)
        return first

    def window_sums(self, values: Floats, customer: Integers, start: Integers, end: Integers) -> Floats:
        """The sum of ``values``, (m,), over ``[start, end)`` for each customer asked about, (n,)."""
        cumulative = np.concatenate([[0.0], np.cumsum(values)])
        sums: Floats = cumulative[self._position(customer, end)] - cumulative[self._position(customer, start)]
        return sums

    def _position(self, customer: Integers, day: Integers) -> Integers:
        span = self.end_day + 1
        keys = self.customer * span + self.day
        position: Integers = np.searchsorted(keys, customer * span + np.clip(day, 0, self.end_day))
        return position
