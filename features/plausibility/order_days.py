"""Order days: the local days of a log with an order line, each with its lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Integers
from features.history import History


@dataclass(frozen=True)
class OrderDays:
    """The local days with an order line, ascending: days since 1970, lines of each day, last instant of each day."""

    day: Integers
    lines: Integers
    last_us: Integers  # microseconds since 1970

    @classmethod
    def from_history(cls, history: History) -> OrderDays:
        """Count the order lines of each day."""
        lines = history.lines
        counted = lines.group_by("day_number").aggregate(lines=lines.count(), last_us=lines.at_us.max())
        table = counted.order_by("day_number").to_pyarrow()
        return cls(*(table[name].to_numpy().astype(np.int64) for name in ("day_number", "lines", "last_us")))

    @property
    def total(self) -> int:
        """The number of order lines."""
        return int(self.lines.sum())

    def first(self, count: int) -> OrderDays:
        """The first days only."""
        return OrderDays(self.day[:count], self.lines[:count], self.last_us[:count])

    def before(self, day: int) -> OrderDays:
        """The days before a day, given as days since 1970."""
        return self.first(int(np.searchsorted(self.day, day)))

    def since(self, day: int) -> OrderDays:
        """The days from a day on, given as days since 1970."""
        start = int(np.searchsorted(self.day, day))
        return OrderDays(self.day[start:], self.lines[start:], self.last_us[start:])
