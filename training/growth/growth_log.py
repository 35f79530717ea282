"""Growth log: placed orders and daily spend of all customers as NumPy arrays, ordered by day."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from features.arrays import Floats, Integers

AMOUNT_UNITS = 10_000  # integers add up exactly, whatever the order of the rows


@dataclass(frozen=True, kw_only=True)
class GrowthLog:
    """The log of n customers, as known at one moment; days are local, as days since 1970."""

    customers: int
    order_customer: Integers  # (orders,) from 0
    order_day: Integers  # (orders,) ascending
    value_customer: Integers  # (rows,) from 0
    value_day: Integers  # (rows,) ascending
    value: Integers  # (rows,) spend in ten-thousandths of the currency; without amounts, ten thousand per order
    has_amounts: bool

    @classmethod
    def sort(cls, orders: tuple[Integers, Integers], values: tuple[Integers, Integers, Floats] | None) -> GrowthLog:
        """The log of orders (customer, day) and of amounts (customer, day, amount), in any order.

        Without amounts, each placed order has the value 1.
        """
        customer, day = orders
        order = np.argsort(day, kind="stable")
        order_customer, order_day = customer[order], day[order]
        if values is None:
            rows = (order_customer, order_day, np.full(len(order_day), AMOUNT_UNITS, np.int64))
        else:
            by_day = np.argsort(values[1], kind="stable")
            units = np.rint(values[2][by_day] * AMOUNT_UNITS).astype(np.int64)
            rows = (values[0][by_day], values[1][by_day], units)
        count = max((int(ids.max(initial=-1)) for ids in (order_customer, rows[0])), default=-1) + 1
        return cls(
            customers=count,
            order_customer=order_customer,
            order_day=order_day,
            value_customer=rows[0],
            value_day=rows[1],
            value=rows[2],
            has_amounts=values is not None,
        )

    @cached_property
    def first_order_day(self) -> Integers:
        """The day of the first placed order of each customer, (n,); a far day for customers without one."""
        first = np.full(self.customers, np.iinfo(np.int64).max // 2)
        first[self.order_customer[::-1]] = self.order_day[::-1]
        return first

    def orders_between(self, first_day: int, end_day: int) -> slice:
        """The positions of the orders on the days ``[first_day, end_day)``."""
        return slice(*np.searchsorted(self.order_day, (first_day, end_day)).tolist())

    def values_between(self, first_day: int, end_day: int) -> slice:
        """The positions of the values on the days ``[first_day, end_day)``."""
        return slice(*np.searchsorted(self.value_day, (first_day, end_day)).tolist())

    def value_by_customer(self, first_day: int, end_day: int) -> Integers:
        """The value of each customer on the days ``[first_day, end_day)``, (n,), in ten-thousandths."""
        rows = self.values_between(first_day, end_day)
        return np.bincount(self.value_customer[rows], self.value[rows], self.customers).astype(np.int64)

    def total_value(self, first_day: int, end_day: int) -> float:
        """The value of all customers on the days ``[first_day, end_day)``, in whole units."""
        return int(self.value[self.values_between(first_day, end_day)].sum()) / AMOUNT_UNITS
