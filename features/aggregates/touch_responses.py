"""Touch responses: which messages to a customer were followed by an order or event within a week (pure Ibis)."""

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
    """Whether the log has touches with a channel."""
    return history.touches is not None and "channel" in history.touches.columns


def touch_responses(baskets: Baskets, cutoff: Cutoff, kinds: Sequence[str]) -> ir.Table:
    """customer_id, channel, touches, responded: how many touches each channel had, and how many got a response.

    A response is an order, or an event of these kinds, within seven times 24 hours. Touches whose week was not over at
    the cutoff are excluded, because their outcome is not known yet.

    Raises:
        NotFound: no touches were ingested.
    """
    touches = baskets.history.touches
    if touches is None:
        raise NotFound("The history has no touches to count responses to: run `flywheel ingest` first.")
    window_end = ibis.literal(cutoff.timestamp - timedelta(days=ATTRIBUTION_DAYS), "timestamp('UTC')")
    touches = touches.filter(touches.channel.notnull(), touches.sent_at <= window_end)
    sent = touches.select("customer_id", "channel", at=touches.at_us, action_at=ibis.null("int64"))
    return _count_responses(sent.union(_customer_actions(baskets, kinds)))


def _customer_actions(baskets: Baskets, kinds: Sequence[str]) -> ir.Table:
    actions, events = baskets.orders.select("customer_id", at=baskets.orders.at_us), baskets.history.events
    if events is not None:
        actions = actions.union(events.filter(events.kind.isin(kinds)).select("customer_id", at=events.at_us))
    return actions.select("customer_id", channel=ibis.null("string"), at=actions.at, action_at=actions.at)


def _count_responses(touches_and_actions: ir.Table) -> ir.Table:
    # At one instant the touch comes before its response.
    following = ibis.window(
        group_by="customer_id",
        order_by=[touches_and_actions.at, touches_and_actions.channel.isnull()],
        preceding=0,
        following=None,
    )
    touches_and_actions = touches_and_actions.mutate(next=touches_and_actions.action_at.min().over(following))
    sent = touches_and_actions.filter(touches_and_actions.channel.notnull())
    in_time = (sent.next < sent.at + ATTRIBUTION_DAYS * DAY_US).fill_null(False)  # noqa: FBT003 -- a constant column
    return sent.group_by("customer_id", "channel").aggregate(touches=sent.count(), responded=in_time.sum())
