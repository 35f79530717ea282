"""Plain exports: the simulated shop with one line per item under any column names, for tests of what is recognized."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.pipelines.init.simulated_orders import Item, Order, Totals, simulate_orders

VALUES: Mapping[str, Callable[[Order, Item], object]] = {
    "customer": lambda order, _: f"K{order.customer:04}",
    "email": lambda order, _: order.email,
    "order": lambda order, _: f"A{order.number}",
    "time": lambda order, _: f"{order.at:%Y-%m-%d %H:%M:%S}",
    "amount": lambda _, item: item.amount,
    "price": lambda _, item: item.price,
    "total": lambda order, _: order.total,
    "quantity": lambda _, item: item.quantity,
    "product": lambda _, item: item.sku,
    "category": lambda _, item: item.category,
    "store": lambda order, _: order.store,
    "status": lambda order, _: order.status,
}


def write_plain(path: Path, columns: Mapping[str, object], delimiter: str = ",", encoding: str = "utf-8") -> Path:
    """Write a line per item; ``columns`` has names, each with the key of a value or a function of order and item."""
    readers = [value if callable(value) else VALUES[str(value)] for value in columns.values()]
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(columns)
        writer.writerows(
            [reader(order, item) for reader in readers] for order in simulate_orders() for item in order.items
        )
    return path


def all_orders() -> Totals:
    """The totals of all orders, whatever their status."""
    return Totals.of(simulate_orders())
