"""How many whole days a customer had been silent at a cutoff (pure Ibis)."""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir

from features.history import Cutoff, History


def inactivity(history: History, cutoff: Cutoff, kinds: Sequence[str]) -> ir.Table:
    """One row per customer heard of before the cutoff: customer_id, no_contact_days, no_order_days.

    Both count whole local days before the cutoff, 0 for who came yesterday; no_order_days is null for who has no
    order. A contact is an order line, a return too, or an event of these kinds.
    """
    known = history.before(cutoff)
    contacts = known.lines.select("customer_id", "day_number")
    if known.events is not None:
        events = known.events.filter(known.events.kind.isin(kinds))
        contacts = contacts.union(events.select("customer_id", "day_number"))
    heard = contacts.group_by("customer_id").aggregate(contact_day=contacts.day_number.max())
    silent = heard.left_join(_last_order_days(known), "customer_id")
    return silent.select(
        "customer_id",
        no_contact_days=(cutoff.day_number - 1 - silent.contact_day).cast("float64"),
        no_order_days=(cutoff.day_number - 1 - silent.order_day).cast("float64"),
    )


def placed_orders(history: History) -> ir.Table:
    """One row per order: customer_id, order_id, day (local, of its first line) and, where it is logged, amount."""
    lines = history.lines
    amount = {"amount": lines.amount.sum()} if history.has_amounts else {}
    orders = lines.group_by("customer_id", "order_id").aggregate(day=lines.day_number.min(), **amount)
    return orders.filter(orders.amount > 0) if history.has_amounts else orders


def _last_order_days(history: History) -> ir.Table:
    orders = placed_orders(history)
    return orders.group_by("customer_id").aggregate(order_day=orders.day.max())
