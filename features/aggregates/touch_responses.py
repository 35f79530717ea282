"""Which of the things sent to a customer were followed by an order or an event? (pure Ibis)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import ibis
import ibis.expr.types as ir

from features.aggregates.baskets import Baskets
from features.calendar import DAY_US
from features.errors import NotFound
from features.history import Cutoff, History

ATTRIBUTION_DAYS = 7


def has_touch_channels(history: History) -> bool:
    """Whether the log says through which channel touches went."""
    return history.touches is not None and "channel" in history.touches.columns


def touch_responses(baskets: Baskets, cutoff: Cutoff, kinds: Sequence[str]) -> ir.Table:
    """customer_id, channel, touches, answered, of a log that names channels.

    A touch is answered by an order, or an event of these kinds, within seven times 24 hours. Touches whose week was not
    over at the cutoff are left out: what came of them is not known yet.

    Raises:
        NotFound: no touches were ingested.
    """
    touches = baskets.history.touches
    if touches is None:
        raise NotFound("The history has no touches to count answers of: run `flywheel ingest` first.")
    over = ibis.literal(cutoff.timestamp - timedelta(days=ATTRIBUTION_DAYS), "timestamp('UTC')")
    touches = touches.filter(touches.channel.notnull(), touches.sent_at <= over)
    sent = touches.select("customer_id", "channel", at=touches.at_us, came=ibis.null("int64"))
    return _count_responses(sent.union(_customer_actions(baskets, kinds)))


def _customer_actions(baskets: Baskets, kinds: Sequence[str]) -> ir.Table:
    came, events = baskets.orders.select("customer_id", at=baskets.orders.at_us), baskets.history.events
    if events is not None:
        came = came.union(events.filter(events.kind.isin(kinds)).select("customer_id", at=events.at_us))
    return came.select("customer_id", channel=ibis.null("string"), at=came.at, came=came.at)


def _count_responses(touches_and_actions: ir.Table) -> ir.Table:
    # At one instant the touch stands before what answers it.
    following = ibis.window(
        group_by="customer_id",
        order_by=[touches_and_actions.at, touches_and_actions.channel.isnull()],
        preceding=0,
        following=None,
    )
    touches_and_actions = touches_and_actions.mutate(next=touches_and_actions.came.min().over(following))
    sent = touches_and_actions.filter(touches_and_actions.channel.notnull())
    in_time = (sent.next < sent.at + ATTRIBUTION_DAYS * DAY_US).fill_null(False)  # noqa: FBT003 -- a column of it
    return sent.group_by("customer_id", "channel").aggregate(touches=sent.count(), answered=in_time.sum())
