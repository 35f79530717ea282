"""At which hours, on which weekdays and through which channels does a customer come? (pure Ibis)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from features.baskets import baskets
from features.history import Cutoff, History

# A zone that puts its clock forward at midnight has a day a year that begins at one; a log of dates is still one.
TIMED = 0.01
_THURSDAY = 3  # Mondays from 1970-01-01


@ibis.udf.scalar.builtin(name="timezone")  # type: ignore[untyped-decorator]  # Ibis has no such function
def _wall_clock(zone: str, at: datetime) -> datetime:
    """What the clock of a zone shows at an instant."""
    raise NotImplementedError


def moments(history: History, cutoff: Cutoff, kinds: Sequence[str], zone: ZoneInfo) -> ir.Table:
    """customer_id, hour, weekday, channel, times: orders and events of these kinds before the cutoff, counted.

    Hours are 0 to 23 by the shop's clock, weekdays 1 (Monday) to 7. Orders, or events of one kind, of which at most one
    in a hundred is not at midnight are known by their date alone: their hour is null. A channel not logged is null.
    """
    known = history.before(cutoff)
    found = _placed(known, zone)
    if known.events is not None:
        found = found.union(_happened(known.events, kinds, zone))
    return found.group_by("customer_id", "hour", "weekday", "channel").aggregate(times=found.count())


def _placed(known: History, zone: ZoneInfo) -> ir.Table:
    orders = baskets(known)
    timed = known.lines.aggregate(share=_off_midnight(known.lines.ordered_at, zone)).as_scalar() > TIMED
    return _moments(orders.mutate(local=_local(orders.ordered_at, zone), timed=timed))


def _happened(events: ir.Table, kinds: Sequence[str], zone: ZoneInfo) -> ir.Table:
    events = events.filter(events.kind.isin(kinds))
    timed = events.group_by("kind").aggregate(timed=_off_midnight(events.happened_at, zone) > TIMED)
    return _moments(events.mutate(local=_local(events.happened_at, zone)).join(timed, "kind"))


def _local(at: ir.TimestampColumn, zone: ZoneInfo) -> ir.TimestampColumn:
    return _wall_clock(zone.key, at).cast("timestamp")


def _off_midnight(at: ir.TimestampColumn, zone: ZoneInfo) -> ir.FloatingScalar:
    """The share of instants that are no local midnight."""
    local = _local(at, zone)
    return (local != local.truncate("D")).cast("float64").mean()


def _moments(table: ir.Table) -> ir.Table:
    channel = table.channel if "channel" in table.columns else ibis.null("string")
    return table.select(
        "customer_id",
        hour=ibis.ifelse(table.timed, table.local.hour(), None).cast("int8"),
        weekday=((table.day_number + _THURSDAY) % 7 + 1).cast("int8"),
        channel=channel.cast("string"),
    )
