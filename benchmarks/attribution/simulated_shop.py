"""Simulated shop: five channels that touch those who are likely to buy more often, with a planted effect of each.

Every customer has an intent, which nobody records. Channels touch customers with a high intent more often, and a touch
raises the hazard of an order for a week. A customer orders at most once in the period, and is not touched afterwards.
A tenth of the customers is held out of each channel at random, for the whole period. What a channel caused is the
number of orders that are missing when it is silent and everything else, also chance, is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from features.arrays import Booleans, Floats, Integers
from features.calendar import DAY_US, day_number
from training.attribution.log.experiment_decisions import empty_decisions
from training.attribution.period import Period
from training.attribution.rows import AttributionLog, OrderRows, TouchRows

CHANNELS = ("email", "search", "social", "push", "display")
START, DAYS, EFFECT_DAYS, PAST_DAYS = date(2026, 3, 1), 60, 7, 365
HELD_OUT = 0.1  # of the customers, in each channel
RATE = np.array([0.030, 0.022, 0.018, 0.040, 0.030])  # touches per day at the mean intent
SELECTION = np.array([0.3, 1.0, 0.6, 0.8, 0.4])  # by how much the log rate grows with the intent
EFFECT = np.array([0.80, 0.95, 0.65, 0.01, 0.25])  # on the log hazard of an order, for a week
BASE_HAZARD, INTENT_SLOPE = 0.00105, 0.9  # of an order per day without a touch
PAST_MEAN, PAST_SLOPE, PAST_NOISE = 0.3, 0.8, 0.1  # log expected orders in the year before
PERIOD = Period(START, START + timedelta(days=DAYS))


@dataclass(frozen=True, kw_only=True)
class SimulatedShop:
    """A simulated shop: its log, and what each channel caused."""

    log: AttributionLog
    intent: Floats  # (n,) standard normal; not in the log
    caused: Floats  # (channels,) orders that are missing without the channel
    all_caused: float  # orders that are missing without any channel


def simulated_shop(customers: int, seed: int) -> SimulatedShop:
    """A shop of n customers with a log of 60 days and the orders of the year before."""
    rng = np.random.default_rng(seed)
    intent = rng.standard_normal(customers)
    is_held_out = rng.random((len(CHANNELS), customers)) < HELD_OUT
    chances = np.clip(RATE[:, None] * np.exp(np.outer(SELECTION, intent) - SELECTION[:, None] ** 2 / 2), 0, 0.5)
    wanted = rng.random((DAYS, len(CHANNELS), customers), np.float32) < chances  # the touches if nobody orders
    luck = rng.exponential(size=customers)  # the hazard at which each customer orders
    exposure, base = _exposures(wanted & ~is_held_out), BASE_HAZARD * np.exp(INTENT_SLOPE * intent)
    order_day = _order_days(exposure, base, luck)
    placed = int((order_day < DAYS).sum())
    silenced = (*(~(1 << channel) for channel in range(len(CHANNELS))), 0)
    missing = [placed - int((_order_days(exposure & mask, base, luck) < DAYS).sum()) for mask in silenced]
    return SimulatedShop(
        log=_log(wanted, is_held_out, order_day, intent, rng),
        intent=intent,
        caused=np.array(missing[:-1], np.float64),
        all_caused=float(missing[-1]),
    )


def _exposures(touched: Booleans) -> Integers:
    """Which channels touched each customer in the last days, (days, n), one bit for each channel."""
    counts = np.cumsum(touched, axis=0, dtype=np.int16)
    counts[EFFECT_DAYS:] -= counts[:-EFFECT_DAYS].copy()
    bits: Integers = np.packbits(counts > 0, axis=1, bitorder="little")[:, 0].astype(np.int64)
    return bits


def _order_days(exposure: Integers, base: Floats, luck: Floats) -> Integers:
    """The day on which each customer's cumulated hazard passes the customer's luck, (n,), ``DAYS`` for none."""
    channels = (np.arange(2 ** len(CHANNELS))[:, None] >> np.arange(len(CHANNELS))) & 1
    cumulated = np.cumsum(np.exp(channels @ EFFECT)[exposure], axis=0)
    days: Integers = (cumulated < luck / base).sum(axis=0)
    return days


def _log(
    wanted: Booleans, is_held_out: Booleans, order_day: Integers, intent: Floats, rng: np.random.Generator
) -> AttributionLog:
    """The log: touches at nine, until the customer orders at three in the afternoon; those held out are withheld."""
    first, customers = day_number(START), len(intent)
    day, channel, customer = np.nonzero(wanted & (np.arange(DAYS)[:, None] <= order_day)[:, None, :])
    touches = TouchRows(
        customer=customer, at=(first + day) * DAY_US + 9 * DAY_US // 24 + channel, day=first + day, channel=channel,
        campaign=channel, treated=~is_held_out[channel, customer], probability=np.full(len(day), 1 - HELD_OUT),
        cost=np.zeros(len(day)), in_experiment=np.zeros(len(day), np.bool_),
    ).sort()  # fmt: skip
    past = rng.poisson(np.exp(PAST_MEAN + PAST_SLOPE * intent + PAST_NOISE * rng.standard_normal(customers)))
    who = np.append(np.repeat(np.arange(customers), past), np.flatnonzero(order_day < DAYS))
    when = np.append(-1 - rng.integers(PAST_DAYS, size=past.sum()), order_day[order_day < DAYS]) + first
    orders = OrderRows(customer=who, at=when * DAY_US + 15 * DAY_US // 24, day=when).sort()
    return AttributionLog(
        customers=customers, channels=CHANNELS, campaigns=CHANNELS, touches=touches, orders=orders,
        decisions=empty_decisions(), first_day=first - PAST_DAYS, last_day=first + DAYS,
        served_rate=np.full(customers, np.nan),
    )  # fmt: skip
