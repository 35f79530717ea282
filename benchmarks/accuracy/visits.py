"""Visits: a raw log as one row per customer and day, with histories at a cutoff and outcomes of a window after it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.accuracy.baselines import WEEK, BtydHistories
from features.arrays import Booleans, Floats, Integers


@dataclass(frozen=True)
class WindowOutcomes:
    """Outcomes of n customers in one window, (n,) each."""

    ordered: Floats  # 0 or 1
    orders: Floats
    spend: Floats | None  # net, at least 0; None without amounts


@dataclass(frozen=True)
class Visits:
    """Visits, ascending by customer, then day."""

    customers: tuple[str, ...]
    customer: Integers  # (rows,) positions in ``customers``
    day: Integers  # (rows,) days since any first day
    orders: Floats  # (rows,) 0 on a day with nothing but refunds
    amount: Floats | None  # (rows,) net; None without amounts

    @classmethod
    def from_lines(cls, lines: pd.DataFrame) -> Visits:
        """Build visits from lines: customer_id, day, perhaps order_id (else a day's orders are one) and amount."""
        placed = lines["amount"] > 0 if "amount" in lines else pd.Series(True, index=lines.index)  # noqa: FBT003
        order = (lines["order_id"] if "order_id" in lines else lines["day"]).where(placed)
        grouped = lines.assign(order=order).groupby(["customer_id", "day"], sort=True)
        table = grouped.agg(orders=("order", "nunique"), **({"amount": ("amount", "sum")} if "amount" in lines else {}))
        customers, customer = np.unique(table.index.get_level_values(0).to_numpy(str), return_inverse=True)
        return cls(
            customers=tuple(customers.tolist()),
            customer=customer,
            day=table.index.get_level_values(1).to_numpy(np.int64),
            orders=table["orders"].to_numpy(float),
            amount=table["amount"].to_numpy(float) if "amount" in table else None,
        )

    def before(self, cutoff: int) -> Visits:
        """Return the visits before a day; the positions of customers stay."""
        return self._select(self.day < cutoff)

    def with_orders(self) -> Visits:
        """Return the visits without the days that have nothing but refunds."""
        return self._select(self.orders > 0)

    def known_customers(self, cutoff: int) -> Integers:
        """Return the positions of the customers with an order before a day."""
        return np.unique(self.customer[(self.day < cutoff) & (self.orders > 0)])

    def per_customer(self, weights: Floats) -> Floats:
        """Return the sums of weights, (rows,), of every customer, (customers,)."""
        return np.bincount(self.customer, weights, minlength=len(self.customers)).astype(np.float64)

    def first_days(self) -> Floats:
        """Return each customer's first day, (customers,); infinite without a visit."""
        first = np.full(len(self.customers), np.inf)
        np.minimum.at(first, self.customer, self.day)
        return first

    def last_days(self) -> Floats:
        """Return each customer's last day, (customers,); minus infinity without a visit."""
        last = np.full(len(self.customers), -np.inf)
        np.maximum.at(last, self.customer, self.day)
        return last

    def outcomes(self, cutoff: int, days: int) -> WindowOutcomes:
        """Return the outcomes of all customers in ``[cutoff, cutoff + days)``."""
        window = self._select((self.day >= cutoff) & (self.day < cutoff + days))
        orders = window.per_customer(window.orders)
        spend = None if window.amount is None else np.maximum(window.per_customer(window.amount), 0.0)
        return WindowOutcomes(ordered=(orders > 0).astype(float), orders=orders, spend=spend)

    def histories(self, cutoff: int, positions: Integers) -> BtydHistories:
        """Return the inputs of the BTYD models at a day, of the customers at these positions."""
        past = self.before(cutoff).with_orders()
        first, last = past.first_days()[positions], past.last_days()[positions]
        visits = past.per_customer(np.ones(len(past.day)))[positions]
        value = None if past.amount is None else past.per_customer(past.amount)[positions] / visits
        orders = None if value is None else visits
        return BtydHistories(visits - 1, (last - first) / WEEK, (cutoff - first) / WEEK, orders, value)

    def _select(self, mask: Booleans) -> Visits:
        amount = None if self.amount is None else self.amount[mask]
        return Visits(self.customers, self.customer[mask], self.day[mask], self.orders[mask], amount)
