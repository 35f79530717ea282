"""Customer simulation: arrivals, orders, churn and amounts of heterogeneous customers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator

from features.arrays import Floats, Integers

Season = Callable[[Floats], Floats]  # days since the log's first day -> factor on the order rate, 1 on an ordinary day
PRIOR_DAYS = 500.0  # days before the log's first day on which customers of an existing shop arrive


@dataclass(frozen=True)
class SimulatedCustomers:
    """Arrival and churn of n simulated customers, (n,) each, in days since the log's first day."""

    first_order_day: Floats
    lost_day: Floats

    def __len__(self) -> int:
        return len(self.first_order_day)


def no_season(day: Floats) -> Floats:
    """Return a constant season factor of 1."""
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
    """Simulate customers who arrive from day ``opened`` on, with gamma hazards of mean 1 / ``mean_lifetime``."""
    days = np.arange(opened, until)
    weight = season(days)
    born = rng.choice(days, count, p=weight / weight.sum()) + rng.random(count)
    hazard = rng.gamma(1.5, 1 / (1.5 * mean_lifetime), count)
    return SimulatedCustomers(np.sort(born), np.sort(born) + rng.exponential(1 / np.maximum(hazard, 1e-9)))


def poisson_orders(
    rng: Generator,
    customers: SimulatedCustomers,
    until: float,
    gap: float,
    *,
    shape: float = 0.8,
    season: Season = no_season,
) -> pd.DataFrame:
    """Simulate orders at gamma-distributed rates, one per ``gap`` days on average, thinned by the season."""
    rate = rng.gamma(shape, 1 / (shape * gap), len(customers))
    top = float(season(np.arange(-PRIOR_DAYS, until)).max())
    end = np.minimum(customers.lost_day, until)
    count = rng.poisson(rate * top * np.maximum(end - customers.first_order_day, 0.0))
    customer = np.repeat(np.arange(len(customers)), count)
    day = customers.first_order_day[customer] + rng.random(len(customer)) * (end - customers.first_order_day)[customer]
    accepted = rng.random(len(day)) < season(day) / top
    return _with_first_orders(customers, customer[accepted], day[accepted])


def renewal_orders(
    rng: Generator, customers: SimulatedCustomers, until: float, mean: Floats, regularity: float
) -> pd.DataFrame:
    """Simulate orders at gamma gaps with each customer's own mean, (n,); ``regularity`` is the gamma shape."""
    max_orders = int((until + PRIOR_DAYS) / mean.min() * 1.5) + 10
    gaps = rng.gamma(regularity, (mean / regularity)[:, None], (len(customers), max_orders))
    day = customers.first_order_day[:, None] + np.cumsum(gaps, axis=1)
    customer, order = np.nonzero(day < np.minimum(customers.lost_day, until)[:, None])
    return _with_first_orders(customers, customer, day[customer, order])


def yearly_orders(
    rng: Generator, customers: SimulatedCustomers, until: float, spread: float, return_probability: Floats
) -> pd.DataFrame:
    """Simulate one order a year around the first order's date, while the customer, (n,), returns."""
    years = np.arange(1, int((until + PRIOR_DAYS) / 365) + 2)
    stays = np.cumprod(rng.random((len(customers), len(years))) < return_probability[:, None], axis=1).astype(bool)
    day = customers.first_order_day[:, None] + 365.25 * years + rng.normal(0, spread, (len(customers), len(years)))
    customer, year = np.nonzero(stays & (day < until))
    return _with_first_orders(customers, customer, day[customer, year])


def with_amounts(
    rng: Generator, orders: pd.DataFrame, typical: float, *, between: float = 0.5, within: float = 0.5
) -> pd.DataFrame:
    """Add lognormal amounts, with standard deviations on the log scale ``between`` and ``within`` customers."""
    level = rng.normal(np.log(typical), between, int(orders["customer"].max()) + 1)
    noise = rng.normal(0, within, len(orders))
    return orders.assign(amount=np.exp(level[orders["customer"].to_numpy()] + noise).round(2))


def with_returns(rng: Generator, orders: pd.DataFrame, share: float, wait: float) -> pd.DataFrame:
    """Add refund lines: a share of the orders is refunded in full, ``wait`` days later on average."""
    returned = orders[rng.random(len(orders)) < share]
    returns = returned.assign(day=returned["day"] + rng.exponential(wait, len(returned)), amount=-returned["amount"])
    return pd.concat([orders, returns], ignore_index=True)


def _with_first_orders(customers: SimulatedCustomers, customer: Integers, day: Floats) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer": np.concatenate([np.arange(len(customers)), customer]),
            "day": np.concatenate([customers.first_order_day, day]),
        }
    )
