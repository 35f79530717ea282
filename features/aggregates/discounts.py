"""Price sensitivity: how many orders a customer placed, and how many were bought at a discount (pure Ibis)."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from features.aggregates.baskets import Baskets
from features.history import Cutoff, History

RECENT_DAYS = 91  # days


def discount_signals(history: History, redemptions: Sequence[str]) -> tuple[str, ...]:
    """The signals of a discounted order: coupons and redemptions where they are logged, otherwise any discount.

    Coupons are the column ``coupon``; redemptions are events of these kinds. Almost every order of a grocer has some
    discount, which says little about price sensitivity; few have a coupon.
    """
    signals = ["coupon"] if "coupon" in history.lines.columns else []
    signals += ["redemption"] if redemptions and history.events is not None else []
    return tuple(signals) or (("discount",) if "discount" in history.lines.columns else ())


def discounted_orders(baskets: Baskets, cutoff: Cutoff, redemptions: Sequence[str]) -> ir.Table:
    """customer_id, orders, orders_91d, discounted: counts of all, of recent and of discounted orders.

    An order counts as bought with a redemption if the customer has such an event on its local day.
    """
    orders, signals = baskets.orders, discount_signals(baskets.history, redemptions)
    false = ibis.literal(False)  # noqa: FBT003 -- a constant column
    is_discounted = false
    for column in set(signals) & {"coupon", "discount"}:
        is_discounted = (orders[column] > 0).fill_null(false)
    orders = orders.mutate(is_discounted=is_discounted)
    if "redemption" in signals and baskets.history.events is not None:
        orders = _with_redemptions(orders, baskets.history.events, redemptions)
    return orders.group_by("customer_id").aggregate(
        orders=orders.count(),
        orders_91d=(orders.day_number >= cutoff.day_number - RECENT_DAYS).sum(),
        discounted=orders.is_discounted.sum(),
    )


def _with_redemptions(orders: ir.Table, events: ir.Table, redemptions: Sequence[str]) -> ir.Table:
    days = events.filter(events.kind.isin(redemptions)).select("customer_id", "day_number").distinct()
    joined = orders.left_join(days.mutate(redeemed=True), ["customer_id", "day_number"])
    return joined.mutate(is_discounted=joined.is_discounted | joined.redeemed.notnull())
