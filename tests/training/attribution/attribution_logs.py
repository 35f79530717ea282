"""Attribution logs of a few lines: customers are numbers, times are days of January 2027 with a fraction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np

from features.calendar import DAY_US, day_number
from training.attribution.log.experiment_decisions import empty_decisions
from training.attribution.period import Period
from training.attribution.rows import AttributionLog, DecisionRows, OrderRows, TouchRows

CHANNELS = ("email", "push", "sms")
EMAIL, PUSH, SMS = range(3)
JANUARY = Period(date(2027, 1, 1), date(2027, 2, 1))
NEW_YEAR = day_number(date(2027, 1, 1))


class Touch(NamedTuple):
    """A touch: who, when (1.5 is noon of January 1st), on which channel."""

    customer: int
    day: float
    channel: int
    treated: bool = True
    probability: float = np.nan
    campaign: int = 0
    in_experiment: bool = False
    cost: float = 0.0


def instants(days: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([round((NEW_YEAR + day - 1) * DAY_US) for day in days], np.int64)


def touch_rows(touches: Sequence[Touch]) -> TouchRows:
    columns = list(zip(*touches, strict=True)) or [()] * len(Touch._fields)
    customer, day, channel, treated, probability, campaign, in_experiment, cost = columns
    at = instants(day)
    return TouchRows(
        customer=np.array(customer, np.int64), at=at, day=at // DAY_US, channel=np.array(channel, np.int64),
        campaign=np.array(campaign, np.int64), treated=np.array(treated, np.bool_),
        probability=np.array(probability, np.float64), cost=np.array(cost, np.float64),
        in_experiment=np.array(in_experiment, np.bool_),
    ).sort()  # fmt: skip


def order_rows(orders: Sequence[tuple[int, float]]) -> OrderRows:
    at = instants([day for _, day in orders])
    customer = np.array([customer for customer, _ in orders], np.int64)
    return OrderRows(customer=customer, at=at, day=at // DAY_US).sort()


def attribution_log(
    touches: Sequence[Touch],
    orders: Sequence[tuple[int, float]],
    customers: int = 1,
    decisions: DecisionRows | None = None,
    campaigns: tuple[str, ...] = ("winter", "spring"),
    last_day: date = date(2027, 3, 1),
) -> AttributionLog:
    return AttributionLog(
        customers=customers, channels=CHANNELS, campaigns=campaigns, touches=touch_rows(touches),
        orders=order_rows(orders), decisions=empty_decisions() if decisions is None else decisions,
        first_day=NEW_YEAR - 365, last_day=day_number(last_day), served_rate=np.full(customers, np.nan),
    )  # fmt: skip
