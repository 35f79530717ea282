"""Inactivity: whole days since a customer's last contact and last order, at a cutoff (pure Ibis)."""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir

from features.history import Cutoff, History
from features.orders import placed_orders


def inactivity(history: History, cutoff: Cutoff, kinds: Sequence[str]) -> ir.Table:
    """One row per customer with a contact before the cutoff: customer_id, no_contact_days, no_order_days.

    Both count whole local days before the cutoff; 0 means yesterday. no_order_days is null for a customer without an
    order. A contact is an order line, a return included, or an event of these kinds.
    """
    known = history.before(cutoff)
    contacts = known.lines.select("customer_id", "day_number")
    if known.events is not None:
        events = known.events.filter(known.events.kind.isin(kinds))
        contacts = contacts.union(events.select("customer_id", "day_number"))
    last_contacts = contacts.group_by("customer_id").aggregate(contact_day=contacts.day_number.max())
    last_days = last_contacts.left_join(_last_order_days(known), "customer_id")
    return last_days.select(
        "customer_id",
        no_contact_days=(cutoff.day_number - 1 - last_days.contact_day).cast("float64"),
        no_order_days=(cutoff.day_number - 1 - last_days.order_day).cast("float64"),
    )


def _last_order_days(history: History) -> ir.Table:
    orders = placed_orders(history)
    return orders.group_by("customer_id").aggregate(order_day=orders.day.max())
