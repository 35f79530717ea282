"""What some customers' order lines come to at a cutoff: one row per order, and what is in it (pure Ibis)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import ibis.expr.types as ir
from ibis.util import gen_name

from features.history import Cutoff, History

_ORDER_KEYS = ["customer_id", "order_id"]
_SUMS = ("amount", "coupon", "discount")


@dataclass(frozen=True)
class Baskets:
    """What was known of some customers.

    ``orders`` has customer_id, order_id, ordered_at, at_us, day_number, and coupon, discount, channel where logged:
    lines that sum to more than 0, at the first one's time and, of several channels, in the first by name. ``parts`` has
    the lines of each order by category, where categories are logged, returns and orders sent back among them.
    """

    history: History
    parts: ir.Table
    orders: ir.Table

    @classmethod
    def before(cls, history: History, cutoff: Cutoff) -> Baskets:
        """Of every customer."""
        return cls._from_history(history.before(cutoff))

    @classmethod
    @contextmanager
    def open_customer_range(
        cls, history: History, cutoff: Cutoff, first_customer_id: str, last_customer_id: str
    ) -> Iterator[Baskets]:
        """Of the customers from one id to another, these included; computed once, and held by the database."""
        known = history.before(cutoff)
        tables = {"lines": known.lines, "events": known.events, "touches": known.touches}
        some = {
            name: None if table is None else _filter_customer_range(table, first_customer_id, last_customer_id)
            for name, table in tables.items()
        }
        found = cls._from_history(replace(known, **some))
        with _temporary_table(found.parts) as parts, _temporary_table(_orders(parts)) as orders:
            yield replace(found, parts=parts, orders=orders)

    @classmethod
    def _from_history(cls, history: History) -> Baskets:
        parts = _parts(history.lines)
        return cls(history, parts, _orders(parts))

    def by_category(self) -> ir.Table:
        """customer_id, category, orders: how many of a customer's orders contain the category.

        An order contains a category if its lines of it sum to more than 0.
        """
        parts = self.parts.filter(self.parts.category.notnull())
        parts = parts.filter(parts.amount > 0) if self.history.has_amounts else parts
        kept = parts.semi_join(self.orders, _ORDER_KEYS)
        return kept.group_by("customer_id", "category").aggregate(orders=kept.count())


@contextmanager
def _temporary_table(table: ir.Table) -> Iterator[ir.Table]:
    """As a temporary table. Ibis keeps one too, but with SQLGlot 30 it cannot drop it again."""
    database, name = table.get_backend(), gen_name("held")
    try:
        yield database.create_table(name, table, temp=True)
    finally:
        database.raw_sql(f"DROP TABLE IF EXISTS {name}")


def _filter_customer_range(table: ir.Table, first_customer_id: str, last_customer_id: str) -> ir.Table:
    return table.filter(table.customer_id.between(first_customer_id, last_customer_id))


def _parts(lines: ir.Table) -> ir.Table:
    sums = {name: lines[name].sum() for name in _SUMS if name in lines.columns}
    return _aggregate(lines, [*_ORDER_KEYS, "category"] if "category" in lines.columns else _ORDER_KEYS, sums)


def _orders(parts: ir.Table) -> ir.Table:
    sums = {name: parts[name].sum() for name in _SUMS if name in parts.columns}
    orders = _aggregate(parts, _ORDER_KEYS, sums)
    return orders.filter(orders.amount > 0).drop("amount") if "amount" in sums else orders


def _aggregate(table: ir.Table, keys: list[str], sums: dict[str, ir.Value]) -> ir.Table:
    names = [name for name in ("ordered_at", "at_us", "day_number", "channel") if name in table.columns]
    return table.group_by(keys).aggregate(**{name: table[name].min() for name in names}, **sums)
