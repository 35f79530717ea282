"""Acquisition costs: what was spent on each source in a period, and its average over the new customers of the source.

It is an average: what one more customer would cost needs spend that was changed at random, by week or region.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from features.arrays import Integers
from features.calendar import DAY_US
from features.canonical_form import canonical_word
from training.attribution.credits.conversion_paths import LOOKBACK_DAYS, next_orders
from training.attribution.log.history_tables import floats, read_days
from training.attribution.period import Period
from training.attribution.row_runs import run_starts
from training.attribution.rows import AttributionLog


@dataclass(frozen=True, kw_only=True)
class SourceCost:
    """The cost of a source in a period, with its new customers.

    They are the customers without an order in the year before, whose last touch before their first order of the period
    was on the channel with the name of the source.
    """

    source: str  # a canonical word
    amount: float  # in the currency of the shop
    new_customers: int

    @property
    def average(self) -> float | None:
        """The amount per new customer; None without any."""
        return self.amount / self.new_customers if self.new_customers else None


def source_costs(home: Path, log: AttributionLog, period: Period) -> list[SourceCost]:
    """The costs of a period by source, the largest first; none where no costs were ingested."""
    costs = read_days(home / "history" / "costs.parquet", ("source", "amount"), period.first_day, period.end_day)
    if costs is None or not {"source", "amount"} <= {*costs.column_names}:
        return []
    amounts = floats(costs["amount"])
    totals: dict[str, float] = {}
    for source, amount in zip(costs["source"].to_pylist(), amounts.tolist(), strict=True):
        word = canonical_word(source or "")
        totals[word] = totals.get(word, 0.0) + amount
    newcomers = np.bincount(_channel_of_new_customers(log, period) + 1, minlength=len(log.channels) + 1)[1:]
    by_channel = dict(zip(log.channels, newcomers.tolist(), strict=True))
    rows = [
        SourceCost(source=word, amount=total, new_customers=by_channel.get(word, 0)) for word, total in totals.items()
    ]
    return sorted(rows, key=lambda cost: (-cost.amount, cost.source))


def _channel_of_new_customers(log: AttributionLog, period: Period) -> Integers:
    """The channel of the last touch before the first order of each new customer of the period, -1 for none."""
    sent = log.touches.select(log.touches.treated & (log.touches.channel >= 0))
    order, waited = next_orders(sent, log.orders)
    in_time = waited < LOOKBACK_DAYS * DAY_US
    last_touch = np.full(len(log.orders) + 1, -1)
    np.maximum.at(last_touch, order[in_time], np.flatnonzero(in_time))
    first_orders = run_starts(log.orders.customer)
    touch = last_touch[first_orders[period.contains(log.orders.day[first_orders])]]
    channel: Integers = np.append(sent.channel, -1)[touch]
    return channel
