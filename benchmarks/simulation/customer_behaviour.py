"""How simulated customers come, order, lapse and spend: no two of them alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator

from features.arrays import Floats, Integers

Season = Callable[[Floats], Floats]  # days since the log's first day -> how busy the shop is, 1 on an ordinary day
BEFORE = 500.0  # days for which a shop that did not just open has had customers already


@dataclass(frozen=True)
class Crowd:
    """When each of n customers first orders, and when they are lost, in days since the log's first day."""

    born: Floats
    lost: Floats

    def __len__(self) -> int:
        return len(self.born)


def always(day: Floats) -> Floats:
    """A shop without seasons."""
    return np.ones_like(day)


def crowd(
    rng: Generator,
    count: int,
    until: float,
    life: float,
    *,
    opened: float = -BEFORE,
    season: Season = always,
) -> Crowd:
    """Customers who arrive from ``opened`` on, more of them in season, each lost at a hazard of mean 1 / ``life``."""
    days = np.arange(opened, until)
    weight = season(days)
    born = rng.choice(days, count, p=weight / weight.sum()) + rng.random(count)
    hazard = rng.gamma(1.5, 1 / (1.5 * life), count)
    return Crowd(np.sort(born), np.sort(born) + rng.exponential(1 / np.maximum(hazard, 1e-9)))


def changing(factor: float, until: float) -> Season:
    """A pace that from day 0 on changes steadily, to ``factor`` times as much on the last day."""
    return lambda day: np.asarray(factor ** (np.maximum(day, 0.0) / until))


def poisson(
    rng: Generator, who: Crowd, until: float, gap: float, *, shape: float = 0.8, season: Season = always
) -> pd.DataFrame:
    """Orders at a gamma rate of each customer's own, one in ``gap`` days on the mean, busier in season."""
    rate = rng.gamma(shape, 1 / (shape * gap), len(who))
    top = float(season(np.arange(-BEFORE, until)).max())
    end = np.minimum(who.lost, until)
    count = rng.poisson(rate * top * np.maximum(end - who.born, 0.0))
    customer = np.repeat(np.arange(len(who)), count)
    day = who.born[customer] + rng.random(len(customer)) * (end - who.born)[customer]
    kept = rng.random(len(day)) < season(day) / top
    return _with_first(who, customer[kept], day[kept])


def renewal(rng: Generator, who: Crowd, until: float, mean: Floats, regularity: float) -> pd.DataFrame:
    """Orders at gaps of each customer's own mean, (n,), the more regular the higher the shape of the gamma."""
    most = int((until + BEFORE) / mean.min() * 1.5) + 10
    gaps = rng.gamma(regularity, (mean / regularity)[:, None], (len(who), most))
    day = who.born[:, None] + np.cumsum(gaps, axis=1)
    customer, order = np.nonzero(day < np.minimum(who.lost, until)[:, None])
    return _with_first(who, customer, day[customer, order])


def yearly(rng: Generator, who: Crowd, until: float, spread: float, faithful: Floats) -> pd.DataFrame:
    """One order a year around the day of the first, as long as the customer, (n,), comes back."""
    years = np.arange(1, int((until + BEFORE) / 365) + 2)
    stays = np.cumprod(rng.random((len(who), len(years))) < faithful[:, None], axis=1).astype(bool)
    day = who.born[:, None] + 365.25 * years + rng.normal(0, spread, (len(who), len(years)))
    customer, year = np.nonzero(stays & (day < until))
    return _with_first(who, customer, day[customer, year])


def bursts(rng: Generator, who: Crowd, until: float, sales: list[tuple[float, float]], keen: Floats) -> pd.DataFrame:
    """In each sale, (first day, last day), a customer takes part with a chance of their own, (n,), once or more."""
    parts = []
    for first, last in sales:
        there = (who.born < first) & (who.lost > last) & (rng.random(len(who)) < keen)
        customer = np.repeat(np.flatnonzero(there), 1 + rng.poisson(0.4, int(there.sum())))
        day = first + (last - first) * rng.beta(1.0, 2.0, len(customer))
        parts.append(pd.DataFrame({"customer": customer, "day": day}))
    found = pd.concat(parts, ignore_index=True)
    return found[found["day"] < until]


def priced(
    rng: Generator, orders: pd.DataFrame, typical: float, *, between: float = 0.5, within: float = 0.5
) -> pd.DataFrame:
    """With lognormal amounts: customers differ by ``between`` on the log scale, a customer's orders by ``within``."""
    level = rng.normal(np.log(typical), between, int(orders["customer"].max()) + 1)
    noise = rng.normal(0, within, len(orders))
    return orders.assign(amount=np.exp(level[orders["customer"].to_numpy()] + noise).round(2))


def returned(rng: Generator, orders: pd.DataFrame, share: float, wait: float) -> pd.DataFrame:
    """With a share of the orders sent back whole, some days later."""
    back = orders[rng.random(len(orders)) < share]
    later = back.assign(day=back["day"] + rng.exponential(wait, len(back)), amount=-back["amount"])
    return pd.concat([orders, later], ignore_index=True)


def _with_first(who: Crowd, customer: Integers, day: Floats) -> pd.DataFrame:
    return pd.DataFrame(
        {"customer": np.concatenate([np.arange(len(who)), customer]), "day": np.concatenate([who.born, day])}
    )
