"""Movements of high-value active customers between two days: who came in, and who went out.

Growth accounting: each customer is in one state on each day, so that the number before, plus those who came in, less
those who went out, is the number after. Each customer who came in or went out is counted once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from features.arrays import Booleans
from training.growth.definition import HighValueDefinition
from training.growth.growth_log import GrowthLog

_NEVER = -(10**6)  # a day long before any


@dataclass(frozen=True, kw_only=True)
class CustomerState:
    """The state of n customers at the beginning of a day; only earlier days count."""

    end_day: int
    active: Booleans  # (n,)
    high_value: Booleans  # (n,)

    @property
    def high_value_active(self) -> Booleans:
        """The high-value active customers, (n,)."""
        return self.active & self.high_value


@dataclass(frozen=True, kw_only=True)
class Movements:
    """Counts of customers between two days; ``previous`` + in - out = ``now``."""

    previous: int
    new: int  # in: first order within the active window, or since the day before
    won_back: int  # in: had ordered, and was not active before
    upgraded: int  # in: was active before, and below the level
    lapsed: int  # out: no longer active
    downgraded: int  # out: still active, and below the level
    now: int
    active: int  # of any value

    @property
    def net(self) -> int:
        """In less out."""
        return self.new + self.won_back + self.upgraded - self.lapsed - self.downgraded


def customer_states(log: GrowthLog, definition: HighValueDefinition, ends: Sequence[int]) -> Iterator[CustomerState]:
    """The states at the beginning of each of some days, ascending; each row of the log is visited twice."""
    last = np.full(log.customers, _NEVER)
    value = np.zeros(log.customers, np.int64)
    seen = _NEVER
    for end in ends:
        orders = log.orders_between(seen, end)
        last[log.order_customer[orders]] = log.order_day[orders]  # ascending: the newest day remains
        gone = seen - definition.value_days if seen != _NEVER else _NEVER
        value += log.value_by_customer(seen, end) - log.value_by_customer(gone, end - definition.value_days)
        seen = end
        yield CustomerState(
            end_day=end,
            active=last >= end - definition.active_days,
            high_value=value >= definition.level_units,
        )


def count_movements(log: GrowthLog, definition: HighValueDefinition, ends: Sequence[int]) -> list[Movements]:
    """The movements between each day and the next, (days - 1,)."""
    return [
        _between(before, after, log, definition)
        for before, after in pairwise(customer_states(log, definition, ends))
    ]  # fmt: skip


def _between(before: CustomerState, after: CustomerState, log: GrowthLog, definition: HighValueDefinition) -> Movements:
    came = after.high_value_active & ~before.high_value_active
    went = before.high_value_active & ~after.high_value_active
    won_back = came & ~before.active & (log.first_order_day < before.end_day)
    newest = min(before.end_day, after.end_day - definition.active_days)
    new = came & ~won_back & (log.first_order_day >= newest)
    return Movements(
        previous=_count(before.high_value_active),
        new=_count(new),
        won_back=_count(won_back),
        upgraded=_count(came & ~won_back & ~new),
        lapsed=_count(went & ~after.active),
        downgraded=_count(went & after.active),
        now=_count(after.high_value_active),
        active=_count(after.active),
    )


def _count(selected: Booleans) -> int:
    return int(np.count_nonzero(selected))
