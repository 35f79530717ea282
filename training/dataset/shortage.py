"""Shortage: what a log lacks to train one model at one horizon, and the remedy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from training.dataset.plan import HorizonPlan
from training.dataset.schedule import Schedule, days_needed

ShortageKind = Literal["log_days", "customers", "outcomes", "amounts"]


@dataclass(frozen=True)
class Shortage:
    """What is lacking, in numbers and in words."""

    kind: ShortageKind
    missing: str
    remedy: str
    needed: int = 0  # days of log, customers, or customers with the rarer outcome
    present: int = 0
    trainable_on: date | None = None  # the day from which the log is long enough


NO_AMOUNTS = Shortage(
    "amounts",
    missing="the log has no amounts",
    remedy="name the amount column in [orders]; expected orders are given all the same",
)


def short_log(days: int, schedule: Schedule, plan: HorizonPlan) -> Shortage:
    """The log is too short to test a horizon of ``days``."""
    needed, base = days_needed(days), plan.base_horizon(days)
    trainable_on = schedule.as_of + timedelta(days=needed - schedule.span)
    fallback = f"{base} days" if base != days else "windows that no origin has tested"
    return Shortage(
        "log_days",
        missing=f"{needed} days of log are needed to test {days} days ahead, there are {schedule.span}",
        remedy=f"trainable on {trainable_on:%Y-%m-%d}; until then answered from {fallback}",
        needed=needed,
        present=schedule.span,
        trainable_on=trainable_on,
    )


def few_customers(needed: int, present: int) -> Shortage:
    """Too few customers had an order before the newest finished window."""
    missing = f"{needed} customers are needed, there are {present}"
    return Shortage("customers", missing, "answered by the mean of all until then", needed, present)


def few_outcomes(needed: int, present: int, meaning: str, days: int) -> Shortage:
    """Too few customers had the rarer outcome, of the ``meaning`` that the sentence names, within ``days``."""
    return Shortage(
        "outcomes",
        missing=f"{needed} customers {meaning} within {days} days are needed, there are {present}",
        remedy="choose a horizon at which both happen often enough; answered by a buy-till-you-die model until then",
        needed=needed,
        present=present,
    )
