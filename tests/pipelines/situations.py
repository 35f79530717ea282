"""Situations: logs of shops whose newest months refute what the earlier ones taught, or that teach nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from features.arrays import Floats, Integers
from tests.pipelines import shops
from tests.pipelines.shops import Log

BREAK_DAY, TODAY, END = 225, 300, 360  # days after the opening


def repeat_begins_late(customers: int = 600, seed: int = 0) -> Log:
    """Nobody orders twice before the break; from then on everybody reorders, at one rate."""
    rng = np.random.default_rng(seed)
    joined = END * np.sqrt(rng.uniform(size=customers))
    start = np.maximum(joined, BREAK_DAY)
    customer, reordered = _poisson_orders(rng, start, 1 / 150)
    return _log_of(rng, np.concatenate([np.arange(customers), customer]), np.concatenate([joined, reordered]))


def without_signal(customers: int = 150, seed: int = 1) -> Log:
    """Everybody orders at random, at one rate, from the opening to the end: nothing tells customers apart."""
    rng = np.random.default_rng(seed)
    joined = np.zeros(customers)
    customer, reordered = _poisson_orders(rng, joined, 1 / 60)
    return _log_of(rng, np.concatenate([np.arange(customers), customer]), np.concatenate([joined, reordered]))


def deserted_from(log: Log, number: int, days: int = 100) -> Log:
    """The same log until a day from which one neighbour alone orders, every fifth day: a log that goes on."""
    before = log.orders[log.orders["at"] < pd.Timestamp(shops.day(number))]
    neighbour = shops.log_of_orders(*(("neighbour", day, 10.0) for day in range(number, number + days, 5)))
    orders = neighbour.orders.assign(basket=[f"n{basket}" for basket in neighbour.orders["basket"]])
    return replace(log, orders=pd.concat([before, orders], ignore_index=True))


def buyers_between(log: Log, first: int, last: int) -> set[str]:
    """The customers who order from a day to before another."""
    at = log.orders["at"]
    within = (at >= pd.Timestamp(shops.day(first))) & (at < pd.Timestamp(shops.day(last)))
    return set(log.orders.loc[within, "customer"])


def _poisson_orders(rng: np.random.Generator, start: Floats, rate: float) -> tuple[Integers, Floats]:
    """Customer indices and days of orders at a rate per day, from each customer's start to the end of the log."""
    customer = np.repeat(np.arange(len(start)), rng.poisson(rate * (END - start)))
    return customer, rng.uniform(start[customer], END)


def _log_of(rng: np.random.Generator, customer: Integers, ordered: Floats) -> Log:
    order = np.argsort(ordered)
    return shops.log_of_orders(
        *((f"k{customer[index]:04d}", int(ordered[index]), round(float(rng.lognormal(3, 0.5)), 2)) for index in order)
    )
