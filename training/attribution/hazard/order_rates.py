"""Order rates: what was known before a period of how often each customer orders.

It is the served prediction where one was made for nearly all, else empirical Bayes on past orders (gamma-Poisson).

Customers who are likely to order are touched more, so what follows a touch is compared between customers with the same
rate. The rate uses orders of before the period alone, which no touch of the period can have caused.
"""

from __future__ import annotations

import numpy as np

from features.arrays import Floats, Integers
from training.attribution.rows import AttributionLog

RATE_DAYS = 365  # how far back orders count
MAX_STRENGTH = 1e3  # of the prior, in orders, where customers do not differ more than chance


def order_rates(log: AttributionLog, before_day: int) -> Floats:
    """Expected orders per day of each customer before a local day, (n,): as was predicted, else by past orders."""
    past = past_order_rates(log, before_day)
    return np.where(np.isfinite(log.served_rate), log.served_rate, past) if log.has_served_rates else past


def past_order_rates(log: AttributionLog, before_day: int) -> Floats:
    """Expected orders per day of each customer from the orders of the ``RATE_DAYS`` before a local day, (n,).

    A customer's count is shrunk towards the mean as strongly as the variance of the counts says (moments of the
    negative binomial). Without a day of history, all have the same rate.
    """
    first_day = max(log.first_day, before_day - RATE_DAYS)
    counts = orders_between(log, first_day, before_day)
    days = before_day - first_day
    if days <= 0 or not counts.any():
        return np.ones(log.customers)
    mean, variance = counts.mean(), counts.var()
    strength = min(mean**2 / (variance - mean), MAX_STRENGTH) if variance > mean else MAX_STRENGTH
    rates: Floats = (counts + strength) / (1 + strength / mean) / days
    return rates


def orders_between(log: AttributionLog, first_day: int, end_day: int) -> Floats:
    """The number of orders of each customer on the local days from ``first_day`` until before ``end_day``, (n,)."""
    inside = (log.orders.day >= first_day) & (log.orders.day < end_day)
    return np.bincount(log.orders.customer[inside], minlength=log.customers).astype(np.float64)


def rate_groups(rates: Floats, groups: int) -> Integers:
    """The group of each customer by its rate, (n,): up to ``groups`` of similar size, equal rates together."""
    if not len(rates):
        return np.zeros(0, np.int64)
    limits = np.unique(np.quantile(rates, np.arange(1, groups) / groups))
    return np.searchsorted(limits, rates, side="left").astype(np.int64)
