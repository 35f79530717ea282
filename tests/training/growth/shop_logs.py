"""Random logs of a shop for growth, and logs by hand."""

from __future__ import annotations

import numpy as np

from training.growth.definition import HighValueDefinition
from training.growth.growth_log import GrowthLog

DEFINITION = HighValueDefinition(active_days=28, value_days=91, level=100.0, measure="spend", currency="EUR")


def log_by_hand(*orders: tuple[int, int, float]) -> GrowthLog:
    """A log from (customer, day, amount), one order each; a negative amount is a return and no order."""
    customer, day, amount = (np.array(column) for column in zip(*orders, strict=True))
    placed = amount > 0
    return GrowthLog.sort((customer[placed], day[placed]), (customer, day, amount.astype(float)))


def random_log(seed: int, customers: int = 300, days: int = 400, rate: float = 0.05) -> GrowthLog:
    """Customers who come at random days, order at their own rate, and stop at random days; some return goods."""
    rng = np.random.default_rng(seed)
    joined, stays = rng.uniform(-100, days, customers), rng.exponential(150, customers)
    rates = rate * rng.lognormal(0, 0.7, customers)
    count = rng.poisson(rates * stays)
    customer = np.repeat(np.arange(customers), count)
    day = np.floor(joined[customer] + rng.uniform(size=len(customer)) * stays[customer]).astype(np.int64)
    amount = np.round(rng.lognormal(3, 0.8, len(customer)), 2)
    known = (day >= 0) & (day < days)
    customer, day, amount = customer[known], day[known], amount[known]
    returns = rng.uniform(size=len(customer)) < 0.1
    values = (
        np.append(customer, customer[returns]),
        np.append(day, day[returns] + 5),
        np.append(amount, -amount[returns] / 2),
    )
    return GrowthLog.sort((customer, day), values)
