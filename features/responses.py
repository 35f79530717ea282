"""Which of the things sent to a customer were followed by an order or an event? (pure Ibis)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import ibis
import ibis.expr.types as ir

from features.baskets import baskets
from features.calendar import DAY_US
from features.history import Cutoff, History

ANSWER_DAYS = 7


def responses(history: History, cutoff: Cutoff, kinds: Sequence[str]) -> ir.Table | None:
    """customer_id, channel, touches, answered; None where the log says of no touch by which channel it went.

    A touch is answered by an order, or an event of these kinds, within seven times 24 hours. Touches whose week was not
    over at the cutoff are left out: what came of them is not known yet.
    """
    known = history.before(cutoff)
    if known.touches is None or "channel" not in known.touches.columns:
        return None
    over = ibis.literal(cutoff.at - timedelta(days=ANSWER_DAYS), "timestamp('UTC')")
    touches = known.touches.filter(known.touches.channel.notnull(), known.touches.sent_at <= over)
    sent = touches.select("customer_id", "channel", at=touches.at_us, came=ibis.null("int64"))
    return _answered(sent.union(_arrivals(known, kinds)))


def _arrivals(known: History, kinds: Sequence[str]) -> ir.Table:
    orders = baskets(known)
    came = orders.select("customer_id", at=orders.at_us)
    if known.events is not None:
        events = known.events.filter(known.events.kind.isin(kinds))
        came = came.union(events.select("customer_id", at=events.at_us))
    return came.select("customer_id", channel=ibis.null("string"), at=came.at, came=came.at)


def _answered(both: ir.Table) -> ir.Table:
    # At one instant the touch stands before what answers it.
    following = ibis.window(
        group_by="customer_id", order_by=[both.at, both.channel.isnull()], preceding=0, following=None
    )
    both = both.mutate(next=both.came.min().over(following))
    sent = both.filter(both.channel.notnull())
    in_time = sent.next < sent.at + ANSWER_DAYS * DAY_US
    return sent.group_by("customer_id", "channel").aggregate(
        touches=sent.count(),
        answered=in_time.fill_null(False).sum(),  # noqa: FBT003 -- a column of it
    )
