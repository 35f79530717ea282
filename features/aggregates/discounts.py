"""How many orders did a customer place, and how many of them for their price? (pure Ibis)."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from features.aggregates.baskets import Baskets
from features.history import Cutoff, History

RECENT_DAYS = 91  # days


def discount_signals(history: History, redemptions: Sequence[str]) -> tuple[str, ...]:
    """What tells that an order was bought for its price: coupons where they are told apart, else any discount.

    Coupons are the column ``coupon`` and events of the kinds that are redemptions. Of a grocer's orders hardly one has
    no discount at all, which says little of who minds the price; few have a coupon.
    """
    told = ["coupon"] if "coupon" in history.lines.columns else []
    told += ["redemption"] if redemptions and history.events is not None else []
    return tuple(told) or (("discount",) if "discount" in history.lines.columns else ())


def discounted_orders(baskets: Baskets, cutoff: Cutoff, redemptions: Sequence[str]) -> ir.Table:
    """customer_id, orders, orders_91d, discounted: how many orders, how many of late, how many by a signal's account.

    An order is bought with a redemption if the customer has such an event on its local day.
    """
    orders, signals = baskets.orders, discount_signals(baskets.history, redemptions)
    nothing = ibis.literal(False)  # noqa: FBT003 -- a column of it
    found = nothing
    for column in set(signals) & {"coupon", "discount"}:
        found = (orders[column] > 0).fill_null(nothing)
    orders = orders.mutate(found=found)
    if "redemption" in signals and baskets.history.events is not None:
        orders = _with_redemptions(orders, baskets.history.events, redemptions)
    return orders.group_by("customer_id").aggregate(
        orders=orders.count(),
        orders_91d=(orders.day_number >= cutoff.day_number - RECENT_DAYS).sum(),
        discounted=orders.found.sum(),
    )


def _with_redemptions(orders: ir.Table, events: ir.Table, redemptions: Sequence[str]) -> ir.Table:
    days = events.filter(events.kind.isin(redemptions)).select("customer_id", "day_number").distinct()
    joined = orders.left_join(days.mutate(redeemed=True), ["customer_id", "day_number"])
    return joined.mutate(found=joined.found | joined.redeemed.notnull())
