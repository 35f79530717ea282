"""One row per order, as the lines known so far make it; what is in it, and what it was bought with (pure Ibis)."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from features.history import Cutoff, History

RECENT = 91  # days
_ORDER = ["customer_id", "order_id"]


def baskets(known: History) -> ir.Table:
    """Every order: customer_id, order_id, ordered_at, at_us, day_number, and channel, coupon, discount where logged.

    Lines that sum to more than 0 are an order, at its first line's time and, of several channels, in the first by name.
    """
    lines = known.lines
    sums = {name: lines[name].sum() for name in ("amount", "coupon", "discount") if name in lines.columns}
    channel = {"channel": lines.channel.min()} if "channel" in lines.columns else {}
    orders = lines.group_by(_ORDER).aggregate(
        ordered_at=lines.ordered_at.min(), at_us=lines.at_us.min(), day_number=lines.day_number.min(), **sums, **channel
    )
    return orders.filter(orders.amount > 0).drop("amount") if known.has_amounts else orders


def ordered_categories(history: History, cutoff: Cutoff) -> ir.Table:
    """customer_id, category, orders: how many of a customer's orders before the cutoff contain the category.

    An order contains a category if its lines of it sum to more than 0.
    """
    known = history.before(cutoff)
    lines = known.lines.filter(known.lines.category.notnull())
    amount = {"amount": lines.amount.sum()} if known.has_amounts else {}
    parts = lines.group_by(*_ORDER, "category").aggregate(lines=lines.count(), **amount)
    parts = parts.filter(parts.amount > 0) if known.has_amounts else parts
    kept = parts.semi_join(baskets(known), _ORDER)
    return kept.group_by("customer_id", "category").aggregate(orders=kept.count())


def discount_signal(history: History, redemptions: Sequence[str]) -> str | None:
    """What tells that an order was bought for its price: coupons where they are told apart, else any discount.

    None where the log has neither. Hardly an order of a grocer is without some discount, but few have a coupon.
    """
    told = (["coupon"] if "coupon" in history.lines.columns else []) + (
        ["redemption"] if redemptions and history.events is not None else []
    )
    if told:
        return " or ".join(told)
    return "discount" if "discount" in history.lines.columns else None


def discounted_orders(history: History, cutoff: Cutoff, redemptions: Sequence[str]) -> ir.Table:
    """customer_id, orders, orders_91d, discounted: how many orders, how many of late, how many with a discount.

    Which orders these are, ``discount_signal`` says; an order is bought with a redemption if the customer has an event
    of such a kind on its local day. Without any signal none is.
    """
    known = history.before(cutoff)
    orders = baskets(known)
    signal = discount_signal(known, redemptions) or ""
    found = ibis.literal(False)  # noqa: FBT003 -- a column of it
    if signal == "discount":
        found = orders.discount > 0
    if "coupon" in signal:
        found = orders.coupon > 0
    orders = orders.mutate(found=found.fill_null(False))  # noqa: FBT003 -- as above
    if "redemption" in signal and known.events is not None:
        events = known.events.filter(known.events.kind.isin(redemptions))
        days = events.select("customer_id", "day_number").distinct().mutate(redeemed=True)
        orders = orders.left_join(days, ["customer_id", "day_number"])
        orders = orders.mutate(found=orders.found | orders.redeemed.notnull())
    return orders.group_by("customer_id").aggregate(
        orders=orders.count(),
        orders_91d=(orders.day_number >= cutoff.number - RECENT).sum(),
        discounted=orders.found.sum(),
    )
