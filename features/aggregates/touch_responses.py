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
WEIGHT_SUMS = ("sent_weight", "sent_weight_responded", "withheld_weight", "withheld_weight_responded")


def has_touch_channels(history: History) -> bool:
    """Whether the log has touches with a channel."""
    return history.touches is not None and "channel" in history.touches.columns


def sent_touches(touches: ir.Table) -> ir.Table:
    """The touches that were sent: all but those with ``treated`` false, which were withheld by a hold-out."""
    return touches.filter(_was_sent(touches))


def touch_responses(baskets: Baskets, cutoff: Cutoff, kinds: Sequence[str]) -> ir.Table:
    """How many touches each customer got on each channel, and how many got a response; the same of those withheld.

    A response is an order, or an event of these kinds, within seven times 24 hours. Touches whose week was not over at
    the cutoff are excluded, because their outcome is not known yet. A touch with ``treated`` false was withheld.

    Returns:
        customer_id, channel, touches, responded, withheld, and WEIGHT_SUMS: the sums of 1 / P(what happened) of all
        and of the answered touches, sent and withheld, over the touches whose ``probability`` of being treated is
        above 0 and below 1 (Horvitz and Thompson, 1952).

    Raises:
        NotFound: no touches were ingested.
    """
    touches = baskets.history.touches
    if touches is None:
        raise NotFound("The history has no touches to count responses to: run `flywheel ingest` first.")
    window_end = ibis.literal(cutoff.timestamp - timedelta(days=ATTRIBUTION_DAYS), "timestamp('UTC')")
    touches = touches.filter(touches.channel.notnull(), touches.sent_at <= window_end)
    rows = touches.select(
        "customer_id",
        "channel",
        at=touches.at_us,
        action_at=ibis.null("int64"),
        was_sent=_was_sent(touches),
        weight=_inverse_probability(touches),
    )
    return _count_responses(rows.union(_customer_actions(baskets, kinds)))


def _was_sent(touches: ir.Table) -> ir.BooleanValue:
    if "treated" not in touches.columns:
        return ibis.literal(True)  # noqa: FBT003 -- a constant column
    return touches.treated.fill_null(True)  # noqa: FBT003 -- a constant column


def _inverse_probability(touches: ir.Table) -> ir.FloatingValue:
    """1 / P(what happened): 1 / p of a touch that was sent, 1 / (1 - p) of one that was withheld; 0 where unknown."""
    if not {"treated", "probability"} <= {*touches.columns}:
        return ibis.literal(0.0)
    p = touches.probability.cast("float64")
    weight = ibis.ifelse(touches.treated, 1 / p, 1 / (1 - p))
    return ibis.ifelse((p > 0) & (p < 1), weight, 0.0).fill_null(0.0)


def _customer_actions(baskets: Baskets, kinds: Sequence[str]) -> ir.Table:
    actions, events = baskets.orders.select("customer_id", at=baskets.orders.at_us), baskets.history.events
    if events is not None:
        actions = actions.union(events.filter(events.kind.isin(kinds)).select("customer_id", at=events.at_us))
    return actions.select(
        "customer_id",
        channel=ibis.null("string"),
        at=actions.at,
        action_at=actions.at,
        was_sent=ibis.null("boolean"),
        weight=ibis.null("float64"),
    )


def _count_responses(touches_and_actions: ir.Table) -> ir.Table:
    # At one instant the touch comes before its response.
    following = ibis.window(
        group_by="customer_id",
        order_by=[touches_and_actions.at, touches_and_actions.channel.isnull()],
        preceding=0,
        following=None,
    )
    touches_and_actions = touches_and_actions.mutate(next=touches_and_actions.action_at.min().over(following))
    touches = touches_and_actions.filter(touches_and_actions.channel.notnull())
    responded = (touches.next < touches.at + ATTRIBUTION_DAYS * DAY_US).fill_null(False)  # noqa: FBT003 -- a constant column
    sent, withheld = touches.was_sent, ~touches.was_sent
    weights = (sent, sent & responded, withheld, withheld & responded)
    return touches.group_by("customer_id", "channel").aggregate(
        touches=sent.sum(),
        responded=(sent & responded).sum(),
        withheld=withheld.sum(),
        withheld_responded=(withheld & responded).sum(),
        **{
            name: touches.weight.sum(where=which).fill_null(0.0)
            for name, which in zip(WEIGHT_SUMS, weights, strict=True)
        },
    )
