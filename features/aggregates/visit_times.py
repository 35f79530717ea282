"""Visit times: at which hours, on which weekdays and through which channels a customer comes (pure Ibis)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from features.aggregates.baskets import Baskets
from features.history import Cutoff, History

# Where the clock goes forward at midnight, one day a year begins at 01:00; a log of dates has a few such times.
MIN_TIMED_SHARE = 0.01
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday; Monday is 0


@dataclass(frozen=True)
class TimeOfDayAvailability:
    """Time-of-day availability: whether orders, and which kinds of event, have a time of day and not only a date."""

    zone: ZoneInfo
    orders_have_times: bool
    timed_kinds: tuple[str, ...]  # of events

    @classmethod
    def from_history(
        cls, history: History, cutoff: Cutoff, kinds: Sequence[str], zone: ZoneInfo
    ) -> TimeOfDayAvailability:
        """Detect the times of day: orders, or events of a kind, have them if more than 1% are not at local midnight."""
        known = history.before(cutoff)
        share = known.lines.aggregate(share=_share_off_midnight(known.lines.ordered_at, zone)).to_pyarrow().to_pylist()
        timed_kinds: list[str] = []
        if known.events is not None:
            events = known.events.filter(known.events.kind.isin(kinds))
            shares = events.group_by("kind").aggregate(share=_share_off_midnight(events.happened_at, zone))
            timed_kinds = shares.filter(shares.share > MIN_TIMED_SHARE).kind.to_pyarrow().to_pylist()
        return cls(zone, (share[0]["share"] or 0.0) > MIN_TIMED_SHARE, tuple(sorted(timed_kinds)))


def visit_times(baskets: Baskets, kinds: Sequence[str], availability: TimeOfDayAvailability) -> ir.Table:
    """customer_id, hour, weekday, channel, times: counts of orders and of events of these kinds.

    Hours are 0 to 23 on the shop's clock, null where a source has none; weekdays are 1 (Monday) to 7; the channel is
    null where it is not logged.
    """
    orders, events = baskets.orders, baskets.history.events
    visits = _select_visits(orders, orders.ordered_at, ibis.literal(availability.orders_have_times), availability.zone)
    if events is not None:
        events = events.filter(events.kind.isin(kinds))
        visits = visits.union(
            _select_visits(events, events.happened_at, events.kind.isin(availability.timed_kinds), availability.zone)
        )
    return visits.group_by("customer_id", "hour", "weekday", "channel").aggregate(times=visits.count())


@ibis.udf.scalar.builtin(name="timezone")  # type: ignore[untyped-decorator] # DuckDB's; Ibis has no name for it
def _wall_clock(zone: str, timestamp: datetime) -> datetime:  # type: ignore[empty-body]
    """The local time of a zone at an instant."""


def _share_off_midnight(timestamp: ir.TimestampColumn, zone: ZoneInfo) -> ir.FloatingScalar:
    """The share of instants that are not local midnight."""
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
