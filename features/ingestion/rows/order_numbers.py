"""Order numbers: an order does not last months, so that a number used again names several orders."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import duckdb

from features.calendar import day_from_number
from features.plausibility_note import PlausibilityNote
from features.wording import count_of, form_of

MAX_ORDER_DAYS = 3  # days from an order's first to its last line; a longer one is several orders with one number
COMMON_SHARE = 0.01  # of all orders: from here on every number is taken to name the order of one day only
MIN_COMMON = 3  # orders
MAX_SEVERAL_TIMES = 0.01  # of the orders of a day: up to here the lines of an order share their time
SHARED_SHARE = 0.01  # of all numbers that belong to several customers
MIN_SHARED = 10  # numbers


@dataclass(frozen=True)
class NumberUse:
    """How the order numbers of a log are used; an order is a customer's lines with one number, returns left out."""

    orders: int
    several_days: int
    reused: int  # over more than MAX_ORDER_DAYS
    numbers: int
    shared: int  # numbers of several customers
    span: Literal["day", "time"] = "day"  # what tells orders with one number apart

    @property
    def is_common(self) -> bool:
        """Whether numbers begin anew so often that orders on neighbouring days may share one too.

        Then at least 1 % of the orders last too long, and so do most of those that last more than a day.
        """
        enough = max(MIN_COMMON, COMMON_SHARE * self.orders)
        return self.reused >= enough and 2 * self.reused >= self.several_days


def number_use(connection: duckdb.DuckDBPyConnection, rows: str, purchase: str) -> NumberUse:
    """Count the use of order numbers, and leave the temporary table ``numbers`` with first and last day of each order.

    Args:
        connection: any.
        rows: SQL of the canonical order lines.
        purchase: SQL of whether a line is no return.
    """
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE numbers AS SELECT hash(order_id) AS number, hash(customer_id) AS customer, "
        f"min(day_number) AS first_day, max(day_number) AS last_day FROM {rows} "
        f"WHERE order_id IS NOT NULL AND {purchase} GROUP BY ALL"
    )
    counts = (
        "SELECT count(*), count(*) FILTER (WHERE last_day > first_day), "
        f"count(*) FILTER (WHERE last_day - first_day > {MAX_ORDER_DAYS}) FROM numbers"
    )
    customers = (
        "SELECT count(*), count(*) FILTER (WHERE n > 1) FROM (SELECT count(*) AS n FROM numbers GROUP BY number)"
    )
    use = NumberUse(*connection.execute(counts).fetchall()[0], *connection.execute(customers).fetchall()[0])
    return replace(use, span=_order_span(connection, rows, purchase)) if use.is_common else use


def daily_orders_sql(rows: str, purchase: str, use: NumberUse) -> str:
    """SQL of the canonical order lines with one order per number and day, where numbers are used again.

    A return belongs to the purchase before it. Where few numbers are used again, the other orders stay as they are.
    """
    began = (
        f"coalesce(max(CASE WHEN {purchase} THEN ordered_at END) OVER (PARTITION BY customer_id, order_id "
        "ORDER BY ordered_at), ordered_at)"
    )
    written = "%Y-%m-%d" if use.span == "day" else "%Y-%m-%d %H:%M:%S"
    named = f"SELECT * REPLACE (order_id || ' ' || strftime({began}, '{written}') AS order_id)"
    if use.is_common:
        return f"({named} FROM {rows})"
    reused = f"SELECT number, customer FROM numbers WHERE last_day - first_day > {MAX_ORDER_DAYS}"
    is_reused = f"coalesce((hash(order_id), hash(customer_id)) IN ({reused}), false)"
    return (
        f"({named} FROM (SELECT * FROM {rows} WHERE {is_reused}) UNION ALL SELECT * FROM {rows} WHERE NOT {is_reused})"
    )


def _order_span(connection: duckdb.DuckDBPyConnection, rows: str, purchase: str) -> Literal["day", "time"]:
    """Whether the lines of an order share their time: then two times on one day are two orders with one number."""
    orders, several_times = connection.execute(
        "SELECT count(*), count(*) FILTER (WHERE first_at < last_at) FROM (SELECT min(at_us) AS first_at, max(at_us) "
        f"AS last_at FROM {rows} WHERE order_id IS NOT NULL AND {purchase} GROUP BY customer_id, order_id, day_number)"
    ).fetchall()[0]
    return "time" if several_times <= MAX_SEVERAL_TIMES * orders else "day"


def number_notes(connection: duckdb.DuckDBPyConnection, rows: str, use: NumberUse) -> list[PlausibilityNote]:
    """Notes on order numbers that are used again, and on numbers of several customers."""
    notes = []
    if use.reused:
        notes.append(_reuse_note(connection, rows, use))
    elif use.shared >= max(MIN_SHARED, SHARED_SHARE * use.numbers):
        notes.append(_shared_note(connection, rows, use))
    return notes


def _reuse_note(connection: duckdb.DuckDBPyConnection, rows: str, use: NumberUse) -> PlausibilityNote:
    longest = (
        "SELECT number, customer, first_day, last_day FROM numbers ORDER BY last_day - first_day DESC, number, "
        "customer LIMIT 1"
    )
    order_id, customer_id, first, last = connection.execute(
        f"SELECT order_id, customer_id, longest.first_day, longest.last_day FROM {rows} AS lines JOIN ({longest}) AS "
        "longest ON hash(lines.order_id) = longest.number AND hash(lines.customer_id) = longest.customer LIMIT 1"
    ).fetchall()[0]
    done = f"every order number and {use.span} is one order" if use.is_common else "each of their days is one order"
    return PlausibilityNote(
        code="order_number_reused",
        severity="warning",
        found=f"[orders] {use.reused:,} of {count_of(use.orders, 'order number')} {form_of(use.reused, 'has', 'have')} "
        f"purchases of one customer more than {MAX_ORDER_DAYS} days apart; {done}",
        expected="a number that names one order, or that begins anew every day",
        remedy="Nothing is to do where a till begins its numbers anew; otherwise name the column with the order's own "
        "number as order_id",
        count=use.reused,
        example=f"order {order_id} of {customer_id}, {day_from_number(first)} to {day_from_number(last)}",
    )


def _shared_note(connection: duckdb.DuckDBPyConnection, rows: str, use: NumberUse) -> PlausibilityNote:
    shared = "SELECT number FROM numbers GROUP BY number HAVING count(*) > 1 ORDER BY count(*) DESC, number LIMIT 1"
    order_id, customers = connection.execute(
        f"SELECT min(order_id), count(DISTINCT customer_id) FROM {rows} WHERE hash(order_id) = ({shared})"
    ).fetchall()[0]
    return PlausibilityNote(
        code="order_number_shared",
        severity="warning",
        found=f"[orders] {use.shared:,} of {use.numbers:,} order numbers belong to several customers; each customer's "
        "lines are an order of their own",
        expected="one customer per order",
        remedy="Nothing is to do where a till begins its numbers anew; otherwise check customer_id and order_id",
        count=use.shared,
        example=f"order {order_id} of {customers:,} customers",
    )
