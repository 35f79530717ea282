"""At which hours, on which weekdays and through which channels does a customer come? (pure Ibis)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from features.aggregates.baskets import Baskets
from features.history import Cutoff, History

# A zone that puts its clock forward at midnight has a day a year that begins at one; a log of dates is still one.
MIN_TIMED_SHARE = 0.01
_EPOCH_WEEKDAY = 3  # what 1970-01-01 was, Mondays counted from 0


@dataclass(frozen=True)
class TimeOfDayAvailability:
    """Which times of a log have an hour; those of a source known by its dates alone all stand at midnight."""

    zone: ZoneInfo
    orders_have_times: bool
    timed_kinds: tuple[str, ...]  # of events

    @classmethod
    def from_history(
        cls, history: History, cutoff: Cutoff, kinds: Sequence[str], zone: ZoneInfo
    ) -> TimeOfDayAvailability:
        """Of orders, and of events of each kind: whether more than one in a hundred is off midnight."""
        known = history.before(cutoff)
        share = known.lines.aggregate(share=_share_off_midnight(known.lines.ordered_at, zone)).to_pyarrow().to_pylist()
        timed: list[str] = []
        if known.events is not None:
            events = known.events.filter(known.events.kind.isin(kinds))
            shares = events.group_by("kind").aggregate(share=_share_off_midnight(events.happened_at, zone))
            timed = shares.filter(shares.share > MIN_TIMED_SHARE).kind.to_pyarrow().to_pylist()
        return cls(zone, (share[0]["share"] or 0.0) > MIN_TIMED_SHARE, tuple(sorted(timed)))


def visit_times(baskets: Baskets, kinds: Sequence[str], availability: TimeOfDayAvailability) -> ir.Table:
    """customer_id, hour, weekday, channel, times: orders and events of these kinds, counted.

    Hours are 0 to 23 by the shop's clock, null where a source has none; weekdays 1 (Monday) to 7; a channel that is not
    logged is null.
    """
    orders, events = baskets.orders, baskets.history.events
    found = _select_visits(orders, orders.ordered_at, ibis.literal(availability.orders_have_times), availability.zone)
    if events is not None:
        events = events.filter(events.kind.isin(kinds))
        found = found.union(
            _select_visits(events, events.happened_at, events.kind.isin(availability.timed_kinds), availability.zone)
        )
    return found.group_by("customer_id", "hour", "weekday", "channel").aggregate(times=found.count())


@ibis.udf.scalar.builtin(name="timezone")  # type: ignore[untyped-decorator] # DuckDB's, which Ibis has no name for
def _wall_clock(zone: str, timestamp: datetime) -> datetime:  # type: ignore[empty-body]
    """What the clock of a zone shows at an instant."""


def _share_off_midnight(timestamp: ir.TimestampColumn, zone: ZoneInfo) -> ir.FloatingScalar:
    """The share of instants that are no local midnight."""
    local = _wall_clock(zone.key, timestamp)
    return (local != local.truncate("D")).cast("float64").mean()


def _select_visits(
    table: ir.Table, timestamp: ir.TimestampColumn, has_time: ir.BooleanValue, zone: ZoneInfo
) -> ir.Table:
    hour = ibis.ifelse(has_time, _wall_clock(zone.key, timestamp).hour(), None)
    channel = table.channel if "channel" in table.columns else ibis.null("string")
    return table.select(
        "customer_id",
        hour=hour.cast("int8"),
        weekday=((table.day_number + _EPOCH_WEEKDAY) % 7 + 1).cast("int8"),
        channel=channel.cast("string"),
    )
