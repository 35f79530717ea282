"""How simulated customers come, order, lapse and spend: no two of them alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator

from features.arrays import Floats, Integers

Season = Callable[[Floats], Floats]  # days since the log's first day -> how busy the shop is, 1 on an ordinary day
PRIOR_DAYS = 500.0  # days for which a shop that did not just open has had customers already


@dataclass(frozen=True)
class SimulatedCustomers:
    """When each of n customers first orders, and when they are lost, in days since the log's first day."""

    first_order_day: Floats
    lost_day: Floats

    def __len__(self) -> int:
        return len(self.first_order_day)


def no_season(day: Floats) -> Floats:
    """A shop without seasons."""
    return np.ones_like(day)


def simulate_customers(
    rng: Generator,
    count: int,
    until: float,
    mean_lifetime: float,
    *,
    opened: float = -PRIOR_DAYS,
    season: Season = no_season,
) -> SimulatedCustomers:
    """Customers who arrive from ``opened`` on, more of them in season, each lost at a hazard of mean 1 / ``mean_lifetime``."""
    days = np.arange(opened, until)
    weight = season(days)
    born = rng.choice(days, count, p=weight / weight.sum()) + rng.random(count)
    hazard = rng.gamma(1.5, 1 / (1.5 * mean_lifetime), count)
    return SimulatedCustomers(np.sort(born), np.sort(born) + rng.exponential(1 / np.maximum(hazard, 1e-9)))


def steady_trend(factor: float, until: float) -> Season:
    """A pace that from day 0 on changes steadily, to ``factor`` times as much on the last day."""
    return lambda day: np.asarray(factor ** (np.maximum(day, 0.0) / until))


def poisson_orders(
    rng: Generator,
    customers: SimulatedCustomers,
    until: float,
    gap: float,
    *,
    shape: float = 0.8,
    season: Season = no_season,
) -> pd.DataFrame:
    """Orders at a gamma rate of each customer's own, one in ``gap`` days on the mean, busier in season."""
    rate = rng.gamma(shape, 1 / (shape * gap), len(customers))
    top = float(season(np.arange(-PRIOR_DAYS, until)).max())
    end = np.minimum(customers.lost_day, until)
    count = rng.poisson(rate * top * np.maximum(end - customers.first_order_day, 0.0))
    customer = np.repeat(np.arange(len(customers)), count)
    day = customers.first_order_day[customer] + rng.random(len(customer)) * (end - customers.first_order_day)[customer]
    kept = rng.random(len(day)) < season(day) / top
    return _with_first_orders(customers, customer[kept], day[kept])


def renewal_orders(
    rng: Generator, customers: SimulatedCustomers, until: float, mean: Floats, regularity: float
) -> pd.DataFrame:
    """Orders at gaps of each customer's own mean, (n,), the more regular the higher the shape of the gamma."""
    most = int((until + PRIOR_DAYS) / mean.min() * 1.5) + 10
    gaps = rng.gamma(regularity, (mean / regularity)[:, None], (len(customers), most))
    day = customers.first_order_day[:, None] + np.cumsum(gaps, axis=1)
    customer, order = np.nonzero(day < np.minimum(customers.lost_day, until)[:, None])
    return _with_first_orders(customers, customer, day[customer, order])


def yearly_orders(
    rng: Generator, customers: SimulatedCustomers, until: float, spread: float, return_probability: Floats
) -> pd.DataFrame:
    """One order a year around the day of the first, as long as the customer, (n,), comes back."""
    years = np.arange(1, int((until + PRIOR_DAYS) / 365) + 2)
    stays = np.cumprod(rng.random((len(customers), len(years))) < return_probability[:, None], axis=1).astype(bool)
    day = customers.first_order_day[:, None] + 365.25 * years + rng.normal(0, spread, (len(customers), len(years)))
    customer, year = np.nonzero(stays & (day < until))
    return _with_first_orders(customers, customer, day[customer, year])


def sale_orders(
    rng: Generator, customers: SimulatedCustomers, until: float, sales: list[tuple[float, float]], participation: Floats
) -> pd.DataFrame:
    """In each sale, (first day, last day), a customer takes part with a chance of their own, (n,), once or more."""
    parts = []
    for first, last in sales:
        there = (
            (customers.first_order_day < first)
            & (customers.lost_day > last)
            & (rng.random(len(customers)) < participation)
        )
        customer = np.repeat(np.flatnonzero(there), 1 + rng.poisson(0.4, int(there.sum())))
        day = first + (last - first) * rng.beta(1.0, 2.0, len(customer))
        parts.append(pd.DataFrame({"customer": customer, "day": day}))
    found = pd.concat(parts, ignore_index=True)
    return found[found["day"] < until]


def with_amounts(
    rng: Generator, orders: pd.DataFrame, typical: float, *, between: float = 0.5, within: float = 0.5
) -> pd.DataFrame:
    """With lognormal amounts: customers differ by ``between`` on the log scale, a customer's orders by ``within``."""
    level = rng.normal(np.log(typical), between, int(orders["customer"].max()) + 1)
    noise = rng.normal(0, within, len(orders))
    return orders.assign(amount=np.exp(level[orders["customer"].to_numpy()] + noise).round(2))


def with_returns(rng: Generator, orders: pd.DataFrame, share: float, wait: float) -> pd.DataFrame:
    """With a share of the orders sent back whole, some days later."""
    back = orders[rng.random(len(orders)) < share]
    later = back.assign(day=back["day"] + rng.exponential(wait, len(back)), amount=-back["amount"])
    return pd.concat([orders, later], ignore_index=True)


def _with_first_orders(customers: SimulatedCustomers, customer: Integers, day: Floats) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer": np.concatenate([np.arange(len(customers)), customer]),
            "day": np.concatenate([customers.first_order_day, day]),
        }
    )
