"""Order processes: renewal processes of simulated customers, who differ in pace, lifetime and amounts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator

from features.arrays import Floats

Pace = Callable[[float], float]  # day -> factor on the order rate
Orders = list[tuple[int, float, float]]  # customer, day, amount

SLOWEST_PACE = 1e-3
SHORTEST_GAP_DAYS = 0.5
GAP_SHAPE = 1.2  # gamma shape of the order rates of customers: the lower, the more they differ
EVENT_DAYS = 182


@dataclass(frozen=True)
class Renewal:
    """Renewal process of one customer: gamma gaps from the first order on, until a day."""

    mean_gap: float
    until: float
    shape: float = 1.0  # gamma shape of the gaps: 1 is a Poisson process, 25 nearly a clock
    pace: Pace | None = None  # taken on the day on which a gap begins

    def days(self, rng: Generator, first: float) -> list[float]:
        """Draw the days of all orders."""
        days, day = [first], first
        while True:
            gap = rng.gamma(self.shape, self.mean_gap / self.shape)
            if self.pace is not None:
                gap /= max(self.pace(day), SLOWEST_PACE)
            day += max(gap, SHORTEST_GAP_DAYS)
            if day >= self.until:
                return days
            days.append(day)


@dataclass(frozen=True, kw_only=True)
class LifetimeCustomers:
    """Customers with exponential lifetimes, inverse gamma mean gaps and lognormal amounts."""

    first_days: Callable[[Generator], Floats]  # (customers,)
    gap: float
    lifetime: float | Callable[[Floats], Floats] = 300.0  # mean, or a function of the first days
    once_share: float | Callable[[Floats], Floats] = 0.0  # who never order again, or a function of the first days
    shape: float = 1.0
    until: float = 730.0
    pace: Pace | None = None
    log_amount: tuple[float, float] = (3.4, 0.6)  # mean, and standard deviation between customers

    def orders(self, rng: Generator) -> pd.DataFrame:
        """Draw the orders: customer, day, amount."""
        first_days = self.first_days(rng)
        lifetimes, once_shares = _per_customer(self.lifetime, first_days), _per_customer(self.once_share, first_days)
        orders: Orders = []
        for customer, first in enumerate(first_days):
            mean_gap = 1 / rng.gamma(GAP_SHAPE, 1 / GAP_SHAPE) * self.gap * 0.6
            lifetime = 0.0 if rng.random() < once_shares[customer] else rng.exponential(lifetimes[customer])
            level = rng.normal(*self.log_amount)
            renewal = Renewal(mean_gap, min(self.until, first + lifetime), self.shape, self.pace)
            orders += [(customer, day, np.exp(level + rng.normal(0, 0.4))) for day in renewal.days(rng, first)]
        return order_table(orders)


@dataclass(frozen=True, kw_only=True)
class CohortCustomers:
    """One cohort of the first quarter, without churn: a boost after the first order decays to a constant pace."""

    gap: float
    boost: float
    boost_days: float  # mean time of the boost's decay
    floor: float  # the pace that remains
    once_share: float
    gap_shape: float = GAP_SHAPE
    shape: float = 1.6
    customers: int = 1500
    until: float = 730.0

    def orders(self, rng: Generator) -> pd.DataFrame:
        """Draw the orders: customer, day, amount."""
        orders: Orders = []
        for customer in range(self.customers):
            first = rng.uniform(0, 90)
            mean_gap = self.gap / rng.gamma(self.gap_shape, 1 / self.gap_shape)
            renewal = Renewal(mean_gap, self.until, self.shape, self._pace(first))
            days = [first] if rng.random() < self.once_share else renewal.days(rng, first)
            orders += [(customer, day, np.exp(3 + rng.normal(0, 0.5))) for day in days]
        return order_table(orders)

    def _pace(self, first: float) -> Pace:
        return lambda day: float(self.boost * np.exp(-(day - first) / self.boost_days) + self.floor)


@dataclass(frozen=True)
class EventCustomers:
    """Customers of a shop that sells at two events a year, of a week each."""

    customers: int = 6000
    events: int = 6

    def orders(self, rng: Generator) -> pd.DataFrame:
        """Draw the orders: customer, day, amount."""
        orders: Orders = []
        for customer, first in enumerate(rng.integers(0, self.events, self.customers)):
            if rng.random() < 0.8:  # a draw that changes nothing but those after it: seeds give the published log
                rng.integers(0, 7)
            later = [event for event in range(first + 1, self.events) if rng.random() < 0.28 * rng.beta(1, 2) * 3]
            level = rng.normal(3, 0.8)
            for event in (first, *later):
                for _ in range(1 + rng.poisson(0.3)):
                    day = event * EVENT_DAYS + rng.integers(0, 7)
                    orders.append((customer, day, np.exp(level + rng.normal(0, 0.5))))
        return order_table(orders)


@dataclass(frozen=True)
class UniformCustomers:
    """Customers whose orders fall on any day alike: nothing can be learned but their number."""

    customers: int = 2000
    until: float = 500.0
    mean_orders: float = 4.0  # besides one

    def orders(self, rng: Generator) -> pd.DataFrame:
        """Draw the orders: customer, day, amount."""
        orders: Orders = []
        for customer in range(self.customers):
            days = rng.uniform(0, self.until, rng.poisson(self.mean_orders) + 1)
            orders += [(customer, day, np.exp(rng.normal(3, 0.6))) for day in days]
        return order_table(orders)


def uniform_days(first: float, last: float, customers: int) -> Callable[[Generator], Floats]:
    """Return a generator of first days that are spread evenly, (customers,)."""
    return lambda rng: rng.uniform(first, last, customers)


def doubling_days(days: float, until: float, customers: int) -> Callable[[Generator], Floats]:
    """Return a generator of first days whose density doubles every ``days`` days, (customers,)."""

    def draw(rng: Generator) -> Floats:
        share = rng.random(customers)
        drawn = until + days * np.log2(1 - share * (1 - 2 ** (-until / days)))
        return np.clip(drawn, 0, until - 1)

    return draw


def order_table(orders: Sequence[tuple[int, float, float]]) -> pd.DataFrame:
    """Return orders as a table: customer, day (days since the log's first), amount."""
    table = pd.DataFrame(orders, columns=["customer", "day", "amount"])
    return table.astype({"day": float, "amount": float})


def _per_customer(value: float | Callable[[Floats], Floats], first_days: Floats) -> Floats:
    return value(first_days) if callable(value) else np.full(len(first_days), value)
