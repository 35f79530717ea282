"""Definition of a high-value active customer, with fixed numbers.

The level is an amount, never a share: a share that is drawn anew each week, such as the top fifth, makes the number of
customers above it the same by construction, whatever the business does.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

from training.growth.growth_log import AMOUNT_UNITS, GrowthLog

TOP_SHARE = 0.2  # of the active customers, above the level when it is chosen
VALUE_DAYS = (365, 182, 91)  # the longest that leaves SERIES_DAYS of a log
SERIES_DAYS = 182  # 26 weeks


@dataclass(frozen=True, kw_only=True)
class HighValueDefinition:
    """High-value active: an order within ``active_days``, and at least ``level`` within ``value_days``."""

    active_days: int
    value_days: int
    level: float
    measure: Literal["spend", "orders"]
    currency: str

    @property
    def digest(self) -> str:
        """The first twelve digits of the sha256 of the numbers; other numbers have another digest."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:12]

    @property
    def level_units(self) -> int:
        """The level in the units of ``GrowthLog.value``."""
        return round(self.level * AMOUNT_UNITS)


def choose_value_days(log_days: int) -> int:
    """The longest window of spend for which a log of so many days has half a year of figures; else the shortest."""
    return next((days for days in VALUE_DAYS if log_days >= days + SERIES_DAYS), VALUE_DAYS[-1])


def choose_level(log: GrowthLog, active_days: int, value_days: int, end_day: int) -> float:
    """The value that the top fifth of the active customers reached before a day, rounded to two significant digits.

    It is at least one unit of the currency, or one order; where nobody was active, it is one.
    """
    recent = log.orders_between(end_day - active_days, end_day)
    active = np.unique(log.order_customer[recent])
    if not len(active):
        return 1.0
    values = log.value_by_customer(end_day - value_days, end_day)[active] / AMOUNT_UNITS
    level = float(np.quantile(values, 1 - TOP_SHARE, method="higher"))
    return max(float(f"{level:.2g}"), 1.0)
