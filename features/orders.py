"""Orders: which groups of order lines are a placed order, as Ibis expressions (pure Ibis).

An order whose amounts sum to more than 0 is placed. So is an order whose amounts are all 0: it was paid by gift card,
or was a sample. An order that was sent back in full sums to 0 too, and is none. Without amounts every order is placed.
"""

from __future__ import annotations

import ibis.expr.types as ir

from features.history import History

ORDER_KEYS = ["customer_id", "order_id"]
_NONZERO = "nonzero"


def amount_sums(lines: ir.Table) -> dict[str, ir.Value]:
    """The aggregates of a group of lines, or of such groups, from which ``filter_placed`` tells whether it is placed.

    They are ``amount``, the sum, and ``nonzero``, whether any amount differs from 0; none where no amounts are logged.
    """
    if "amount" not in lines.columns:
        return {}
    nonzero = lines[_NONZERO] if _NONZERO in lines.columns else lines.amount != 0
    return {"amount": lines.amount.sum(), _NONZERO: nonzero.any()}


def filter_placed(orders: ir.Table) -> ir.Table:
    """The rows that are placed, without ``nonzero``; a row is an order, or the lines of an order in one category."""
    if _NONZERO not in orders.columns:
        return orders
    return orders.filter((orders.amount > 0) | ~orders[_NONZERO]).drop(_NONZERO)


def placed_orders(history: History) -> ir.Table:
    """One row per order: customer_id, order_id, day (local) and at_us of its first line and, where logged, amount."""
    lines = history.lines
    return filter_placed(
        lines.group_by(ORDER_KEYS).aggregate(at_us=lines.at_us.min(), day=lines.day_number.min(), **amount_sums(lines))
    )
