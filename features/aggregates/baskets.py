"""Baskets: one row per order, with its lines by category, as known at a cutoff (pure Ibis)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import ibis.expr.types as ir
from ibis.util import gen_name

from features.history import Cutoff, History
from features.orders import ORDER_KEYS, amount_sums, filter_placed

_SUMS = ("coupon", "discount")


@dataclass(frozen=True)
class Baskets:
    """Baskets: the orders of some or all customers, as known at a cutoff.

    ``orders`` has customer_id, order_id, ordered_at, at_us, day_number, and coupon, discount and channel where the log
    has them. Only placed orders are in it. An order has the time of its first line; if its lines
    have several channels, it has the first of them in alphabetical order. ``parts`` has one row per order and, where
    categories are logged, category; it includes returns and orders that were sent back.
    """

    history: History
    parts: ir.Table
    orders: ir.Table

    @classmethod
    def before(cls, history: History, cutoff: Cutoff) -> Baskets:
        """The baskets of every customer, as known before the cutoff."""
        return cls._from_history(history.before(cutoff))

    @classmethod
    @contextmanager
    def open_customer_range(
        cls, history: History, cutoff: Cutoff, first_customer_id: str, last_customer_id: str
    ) -> Iterator[Baskets]:
        """The baskets of the customers whose id is in a range, bounds included; computed once, in temporary tables."""
        known = history.before(cutoff)
        tables = {"lines": known.lines, "events": known.events, "touches": known.touches}
        filtered = {
            name: None if table is None else _filter_customer_range(table, first_customer_id, last_customer_id)
            for name, table in tables.items()
        }
        baskets = cls._from_history(replace(known, **filtered))
        with _temporary_table(baskets.parts) as parts, _temporary_table(_orders(parts)) as orders:
            yield replace(baskets, parts=parts, orders=orders)

    @classmethod
    def _from_history(cls, history: History) -> Baskets:
        parts = _parts(history.lines)
        return cls(history, parts, _orders(parts))

    def by_category(self) -> ir.Table:
        """customer_id, category, orders: the number of a customer's orders that contain the category.

        An order contains a category if its lines of that category would be a placed order by themselves.
        """
        parts = filter_placed(self.parts.filter(self.parts.category.notnull()))
        ordered = parts.semi_join(self.orders, ORDER_KEYS)
        return ordered.group_by("customer_id", "category").aggregate(orders=ordered.count())


@contextmanager
def _temporary_table(table: ir.Table) -> Iterator[ir.Table]:
    """Write the rows to a temporary table, dropped at the end; Ibis cannot drop its cached tables with SQLGlot 30."""
    database, name = table.get_backend(), gen_name("baskets")
    try:
        yield database.create_table(name, table, temp=True)
    finally:
        database.raw_sql(f"DROP TABLE IF EXISTS {name}")


def _filter_customer_range(table: ir.Table, first_customer_id: str, last_customer_id: str) -> ir.Table:
    return table.filter(table.customer_id.between(first_customer_id, last_customer_id))


def _parts(lines: ir.Table) -> ir.Table:
    return _aggregate(lines, [*ORDER_KEYS, "category"] if "category" in lines.columns else ORDER_KEYS)


def _orders(parts: ir.Table) -> ir.Table:
    orders = filter_placed(_aggregate(parts, ORDER_KEYS))
    return orders.drop("amount") if "amount" in orders.columns else orders


def _aggregate(table: ir.Table, keys: list[str]) -> ir.Table:
    sums = {name: table[name].sum() for name in _SUMS if name in table.columns} | amount_sums(table)
    names = [name for name in ("ordered_at", "at_us", "day_number", "channel") if name in table.columns]
    return table.group_by(keys).aggregate(**{name: table[name].min() for name in names}, **sums)
