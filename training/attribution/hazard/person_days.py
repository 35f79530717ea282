"""Person-days: the days of a period at which customers could order, grouped by what had touched them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Floats, Integers
from training.attribution.hazard.order_rates import order_rates, rate_groups
from training.attribution.period import Period
from training.attribution.rows import AttributionLog, OrderRows, TouchRows

EXPOSURE_DAYS = 7  # a touch counts on its own day and the days after it
RATE_GROUPS = 30
WEEK_DAYS, MAX_INTERVALS = 7, 13
MAX_TOUCHES = 500_000  # more are sampled by customer
MAX_CHANNELS = 16  # bits of the exposure; those with the most touches


@dataclass(frozen=True, kw_only=True)
class PersonDays:
    """Person-days in c cells, each with one exposure, group of order rates, interval and state of having ordered."""

    channels: Integers  # (k,) positions of the channels that exposures tell apart
    exposed: Booleans  # (c, k) whether each of them had touched the customer in the last days
    group: Integers  # (c,) by the order rate of before the period
    interval: Integers  # (c,) of time within the period, from 0
    has_ordered: Booleans  # (c,) whether the customer had ordered in the period before the day
    days: Floats  # (c,) person-days
    orders: Floats  # (c,) orders on them
    sampled_share: float = 1.0  # of the customers


def person_days(log: AttributionLog, period: Period) -> PersonDays:
    """The person-days of a period, of all customers or, beyond ``MAX_TOUCHES``, of a sample of them."""
    group = rate_groups(order_rates(log, period.first_day), RATE_GROUPS)
    touches = log.touches.select(log.touches.treated & (log.touches.channel >= 0) & _reaches(log.touches, period))
    orders = log.orders.select(period.contains(log.orders.day))
    stride = -(-len(touches) // MAX_TOUCHES) or 1
    touches, orders = touches.select(touches.customer % stride == 0), orders.select(orders.customer % stride == 0)
    volume = np.bincount(touches.channel, minlength=len(log.channels))
    channels = np.sort(np.argsort(-volume, kind="stable")[:MAX_CHANNELS])
    first_order = np.full(log.customers, period.end_day)
    np.minimum.at(first_order, orders.customer, orders.day)
    exposure = _exposures(touches, orders, period, channels)
    cells = _Cells(group, first_order, period)
    included = np.arange(log.customers) % stride == 0
    keys, days = cells.days_without_touches(included)
    keys, days = np.append(keys, exposure.keys(cells, touched=True)), np.append(days, np.ones(len(exposure)))
    keys, days = np.append(keys, exposure.keys(cells, touched=False)), np.append(days, -np.ones(len(exposure)))
    order_keys = cells.keys(orders.customer, orders.day, exposure.bits_at(orders.customer, orders.day, period))
    unique, position = np.unique(np.append(keys, order_keys), return_inverse=True)
    total = np.bincount(position[: len(keys)], weights=days, minlength=len(unique)).astype(np.float64)
    count = np.bincount(position[len(keys) :], minlength=len(unique)).astype(np.float64)
    return cells.person_days(unique, total, count, channels, 1 / stride)


def _reaches(touches: TouchRows, period: Period) -> Booleans:
    """Whether a touch can expose a day of the period."""
    reaches: Booleans = (touches.day > period.first_day - EXPOSURE_DAYS) & (touches.day < period.end_day)
    return reaches


@dataclass(frozen=True)
class _Cells:
    """The numbering of cells: exposure bits, then group, interval and state."""

    group: Integers  # (n,)
    first_order: Integers  # (n,) the day of the first order in the period, its end without one
    period: Period

    @property
    def interval_days(self) -> int:
        """Days of an interval: a week, or more in a long period."""
        return max(WEEK_DAYS, -(-self.period.days // MAX_INTERVALS))

    @property
    def intervals(self) -> int:
        return -(-self.period.days // self.interval_days)

    def keys(self, customer: Integers, day: Integers, bits: Integers) -> Integers:
        """The cell of each customer and day."""
        interval = (day - self.period.first_day) // self.interval_days
        has_ordered = (day > self.first_order[customer]).astype(np.int64)
        return ((bits * RATE_GROUPS + self.group[customer]) * self.intervals + interval) * 2 + has_ordered

    def days_without_touches(self, included: Booleans) -> tuple[Integers, Floats]:
        """The cells of all days of the included customers as if nobody had been touched, and their person-days."""
        days = np.arange(self.period.days)
        group, first = self.group[included], self.first_order[included] - self.period.first_day
        firsts = np.zeros((RATE_GROUPS, self.period.days + 1))
        np.add.at(firsts, (group, first), 1.0)
        ordered = np.cumsum(firsts, axis=1)[:, :-1] - firsts[:, :-1]  # before each day, (groups, days)
        waiting = firsts.sum(axis=1, keepdims=True) - ordered
        cell = (np.arange(RATE_GROUPS)[:, None] * self.intervals + days // self.interval_days) * 2
        return np.append(cell.ravel(), cell.ravel() + 1), np.append(waiting.ravel(), ordered.ravel())

    def person_days(
        self, keys: Integers, days: Floats, orders: Floats, channels: Integers, sampled_share: float
    ) -> PersonDays:
        """The cells with person-days, from their numbers."""
        keys, days, orders = keys[days > 0], days[days > 0], orders[days > 0]
        rest, has_ordered = keys // 2, keys % 2 == 1
        rest, interval = rest // self.intervals, rest % self.intervals
        bits, group = rest // RATE_GROUPS, rest % RATE_GROUPS
        exposed = (bits[:, None] >> np.arange(len(channels))) & 1 == 1
        return PersonDays(
            channels=channels, exposed=exposed, group=group, interval=interval, has_ordered=has_ordered, days=days,
            orders=orders, sampled_share=sampled_share,
        )  # fmt: skip


@dataclass(frozen=True)
class _Exposures:
    """The exposed days: one row per customer and day that a touch reaches, by customer and day."""

    customer: Integers
    day: Integers
    bits: Integers  # one per channel

    def __len__(self) -> int:
        return len(self.customer)

    def keys(self, cells: _Cells, *, touched: bool) -> Integers:
        """The cells of the rows, as they were or as if nothing had touched them."""
        return cells.keys(self.customer, self.day, self.bits if touched else np.zeros_like(self.bits))

    def bits_at(self, customer: Integers, day: Integers, period: Period) -> Integers:
        """The exposure of each customer and day, 0 for none."""
        if not len(self):
            return np.zeros(len(customer), np.int64)
        known = self.customer * period.days + (self.day - period.first_day)
        wanted = customer * period.days + (day - period.first_day)
        position = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        return np.where(known[position] == wanted, self.bits[position], 0)


def _exposures(touches: TouchRows, orders: OrderRows, period: Period, channels: Integers) -> _Exposures:
    """The exposed days; a touch after an order of the same day exposes from the next day on."""
    touches = touches.select(np.isin(touches.channel, channels))
    bit = np.searchsorted(channels, touches.channel)
    start = touches.day + _follows_order(touches, orders, period)
    day = (start[:, None] + np.arange(EXPOSURE_DAYS)).ravel()
    customer, bit = np.repeat(touches.customer, EXPOSURE_DAYS), np.repeat(bit, EXPOSURE_DAYS)
    inside = period.contains(day)
    place = customer[inside] * period.days + (day[inside] - period.first_day)
    order = np.argsort(place, kind="stable")
    place, values = place[order], np.int64(1) << bit[inside][order]
    starts = np.flatnonzero(np.append(True, place[1:] != place[:-1])) if len(place) else np.zeros(0, np.int64)
    bits = np.bitwise_or.reduceat(values, starts) if len(place) else values
    place = place[starts]
    return _Exposures(place // period.days, place % period.days + period.first_day, bits)


def _follows_order(touches: TouchRows, orders: OrderRows, period: Period) -> Integers:
    """1 for a touch after the customer's first order of the same day, else 0."""
    if not len(orders):
        return np.zeros(len(touches), np.int64)
    span = period.days + EXPOSURE_DAYS + 1
    origin = period.first_day - EXPOSURE_DAYS
    place, first = np.unique(orders.customer * span + orders.day - origin, return_index=True)
    wanted = touches.customer * span + touches.day - origin
    position = np.minimum(np.searchsorted(place, wanted), len(place) - 1)
    follows: Booleans = (place[position] == wanted) & (orders.at[first[position]] < touches.at)
    return follows.astype(np.int64)
