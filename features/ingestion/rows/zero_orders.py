"""Zero orders: orders of which every amount is 0, as when paid by gift card, or sent back in full."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from features.plausibility_note import PlausibilityNote
from features.wording import count_of, form_of

_ORDER = "customer_id, __order"
ORDER_SQL = "coalesce(order_id, 'day ' || day_number)"


@dataclass(frozen=True)
class ZeroOrders:
    """Orders of amount 0, those that were sent back among them, and the lines of both."""

    orders: int
    lines: int
    example: str
    returned_orders: int  # whose amount is 0 because the refund is as large as the total
    returned_lines: int


def find_zero_orders(connection: duckdb.DuckDBPyConnection, rows: str, order: str, returned: str | None) -> ZeroOrders:
    """Count the orders of amount 0, and leave the temporary table ``zero_orders`` with them.

    Args:
        connection: any.
        rows: SQL of the canonical order lines.
        order: SQL of the order of a line.
        returned: SQL of whether an amount of 0 is a total less as large a refund; None where none can be.
    """
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE zero_orders AS SELECT customer_id, {order} AS __order, count(*) AS lines, "
        f"{f'bool_or({returned})' if returned else 'false'} AS is_returned FROM {rows} WHERE amount = 0 GROUP BY ALL"
    )
    if connection.execute("SELECT count(*) FROM zero_orders").fetchall()[0][0]:
        others = f"SELECT customer_id, {order} AS __order FROM {rows} WHERE amount <> 0"
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE zero_orders AS FROM zero_orders ANTI JOIN ({others}) AS others USING "
            f"({_ORDER})"
        )
    values = connection.execute(
        "SELECT count_if(NOT is_returned), coalesce(sum(lines) FILTER (WHERE NOT is_returned), 0)::BIGINT, "
        "coalesce(min(customer_id || ', ' || __order) FILTER (WHERE NOT is_returned), ''), "
        "count_if(is_returned), coalesce(sum(lines) FILTER (WHERE is_returned), 0)::BIGINT FROM zero_orders"
    ).fetchall()[0]
    return ZeroOrders(*values)


def without_zero_orders_sql(rows: str, order: str, *, returned_only: bool) -> str:
    """SQL of the canonical order lines without orders of amount 0, or without those that were sent back."""
    condition = " WHERE is_returned" if returned_only else ""
    return (
        f"(SELECT * EXCLUDE (__order) FROM (SELECT *, {order} AS __order FROM {rows}) "
        f"ANTI JOIN (SELECT {_ORDER} FROM zero_orders{condition}) AS zeros USING ({_ORDER}))"
    )


def zero_notes(zeros: ZeroOrders, *, ignored: bool) -> list[PlausibilityNote]:
    """Notes on orders of amount 0: how many count as orders, and how many do not."""
    notes = []
    if zeros.orders:
        fate = (
            f"{form_of(zeros.orders, 'does', 'do')} not count as {form_of(zeros.orders, 'an order', 'orders')}"
            if ignored
            else f"{form_of(zeros.orders, 'counts as an order', 'count as orders')} of 0"
        )
        other = "order" if ignored else "ignore"
        notes.append(
            PlausibilityNote(
                code="zero_amount_orders",
                severity="info",
                found=f"[orders] {count_of(zeros.orders, 'order')} of amount 0 {fate}",
                expected="orders paid by gift card, points or coupon, or samples",
                remedy=f'Write zero_amount = "{other}" in [orders] where they are {"" if ignored else "no "}orders',
                count=zeros.orders,
                example=zeros.example,
            )
        )
    if zeros.returned_orders:
        notes.append(
            PlausibilityNote(
                code="orders_returned_in_full",
                severity="info",
                found=f"[orders] {count_of(zeros.returned_orders, 'order')} with a refund as large as the total "
                f"{form_of(zeros.returned_orders, 'does', 'do')} not count",
                expected="orders that were not sent back in full",
                remedy="Nothing is to do",
                count=zeros.returned_orders,
            )
        )
    return notes
