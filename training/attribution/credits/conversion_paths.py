"""Conversion paths: the touches before each order of a period, and the sequences of touches that no order followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Floats, Integers
from features.calendar import DAY_US
from training.attribution.period import Period
from training.attribution.row_runs import run_starts, search_keys
from training.attribution.rows import OrderRows, TouchRows

LOOKBACK_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class ConversionPaths:
    """Conversion paths: p sequences of channels, each with how often it ended in a conversion and how often not."""

    channels: tuple[str, ...]
    channel: Integers  # (t,) positions in ``channels``, the touches of all paths one after the other
    offsets: Integers  # (p + 1,) where each path begins; no path is empty
    conversions: Floats  # (p,)
    nulls: Floats  # (p,) how often the path ended without a conversion

    def __len__(self) -> int:
        return len(self.conversions)

    @classmethod
    def from_sequences(
        cls,
        channels: Sequence[str],
        sequences: Sequence[Sequence[str]],
        conversions: Sequence[float],
        nulls: Sequence[float],
    ) -> ConversionPaths:
        """The paths from one sequence of channel names each."""
        positions = {name: position for position, name in enumerate(channels)}
        return cls(
            channels=tuple(channels),
            channel=np.array([positions[name] for sequence in sequences for name in sequence], np.int64),
            offsets=np.cumsum([0, *map(len, sequences)]).astype(np.int64),
            conversions=np.asarray(conversions, np.float64),
            nulls=np.asarray(nulls, np.float64),
        )

    @property
    def lengths(self) -> Integers:
        """The number of touches of each path, (p,)."""
        return np.diff(self.offsets)

    @property
    def path_of_touch(self) -> Integers:
        """The position of the path that each touch belongs to, (t,)."""
        return np.repeat(np.arange(len(self)), self.lengths)


def conversion_paths(
    touches: TouchRows, orders: OrderRows, period: Period, channels: Sequence[str], lookback_days: int = LOOKBACK_DAYS
) -> ConversionPaths:
    """The paths of a period, from the touches that were sent; a touch that was withheld is in none.

    A touch belongs to the customer's next order if that comes within ``lookback_days`` times 24 hours. The path of an
    order counts where the order lies in the period. The other touches of the period are in paths without a conversion,
    also those whose order comes after the period: at its end it had not come.
    """
    sent = touches.select(touches.treated & (touches.channel >= 0))
    next_order, waited = next_orders(sent, orders)
    has_order = next_order < len(orders)
    order_day = np.append(orders.day, np.iinfo(np.int64).max)[next_order]
    converts = has_order & (waited < lookback_days * DAY_US) & period.contains(order_day)
    counts = converts | (period.contains(sent.day) & ~_converts_before(has_order, order_day, period))
    sent, next_order, converts = sent.select(counts), next_order[counts], converts[counts]
    starts = run_starts(sent.customer, next_order, converts.astype(np.int64))
    return ConversionPaths(
        channels=tuple(channels),
        channel=sent.channel,
        offsets=np.append(starts, len(sent)),
        conversions=converts[starts].astype(np.float64),
        nulls=(~converts[starts]).astype(np.float64),
    )


def next_orders(touches: TouchRows, orders: OrderRows) -> tuple[Integers, Integers]:
    """The position of the next order of each touch's customer, (n,), and the microseconds until then, (n,).

    In the same millisecond the touch comes first. Without a next order, the position is the number of orders.
    """
    none = len(orders)
    if not none or not len(touches):
        return np.full(len(touches), none), np.full(len(touches), np.iinfo(np.int64).max)
    origin = min(int(touches.at.min()), int(orders.at.min()))
    order_keys = search_keys(orders.customer, orders.at, origin)
    position = np.searchsorted(order_keys, search_keys(touches.customer, touches.at, origin), side="left")
    same = np.append(orders.customer, -1)[position] == touches.customer
    waited = np.append(orders.at, 0)[position] - touches.at
    return np.where(same, position, none), np.where(same, waited, np.iinfo(np.int64).max)


def _converts_before(has_order: Booleans, order_day: Integers, period: Period) -> Booleans:
    """Whether the next order of a touch was placed before the period, so that its path ended there."""
    before: Booleans = has_order & (order_day < period.first_day)
    return before
