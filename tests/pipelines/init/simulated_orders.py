"""Simulated orders: one shop, which the exports of all layouts write, and what a history of it adds up to."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

OPENING = datetime(2026, 1, 5, 9, 0)  # noqa: DTZ001 -- the shop's own clock
BERLIN = ZoneInfo("Europe/Berlin")
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Item:
    """A line of an order."""

    sku: str
    category: str
    quantity: int
    price: Decimal

    @property
    def amount(self) -> Decimal:
        """The amount of the line."""
        return self.quantity * self.price


@dataclass(frozen=True)
class Order:
    """An order of the simulated shop."""

    number: int
    customer: int
    at: datetime  # the shop's own clock
    items: tuple[Item, ...]
    status: str  # paid, cancelled, refunded, partly refunded
    store: str

    @property
    def total(self) -> Decimal:
        """The sum of the lines."""
        return sum((item.amount for item in self.items), Decimal(0))

    @property
    def email(self) -> str:
        """The customer's address."""
        return f"buyer{self.customer}@example.com"

    @property
    def refund(self) -> Decimal:
        """What was paid back."""
        share = {"refunded": Decimal(1), "partly refunded": Decimal("0.5")}.get(self.status, Decimal(0))
        return (share * self.total).quantize(CENT)


@dataclass(frozen=True)
class Totals:
    """What the canonical history adds up to."""

    orders: int
    customers: int
    revenue: Decimal

    @classmethod
    def of(cls, orders: Iterable[Order], revenue: Callable[[Order], Decimal] = lambda order: order.total) -> Totals:
        """The totals of these orders."""
        orders = list(orders)
        return cls(len(orders), len({order.customer for order in orders}), sum(map(revenue, orders), Decimal(0)))


Export = tuple[list[Path], Totals]
"""The files of an export, and what its history adds up to."""


@cache
def simulate_orders(customers: int = 120) -> tuple[Order, ...]:
    """About four orders of each customer within 300 days, one in ten called off, one in twenty paid back."""
    rng = np.random.default_rng(7)
    moments = sorted(
        (day * 86_400 + int(rng.integers(0, 50_000)), customer)
        for customer in range(customers)
        for day in np.cumsum(rng.integers(10, 110, 6))
        if day < 300 or rng.random() < 0.1
    )
    return tuple(
        Order(
            1001 + position,
            customer,
            OPENING + timedelta(seconds=int(second)),
            tuple(_item(rng) for _ in range(int(rng.integers(1, 4)))),
            str(rng.choice(["paid"] * 16 + ["cancelled"] * 2 + ["refunded", "partly refunded"])),
            f"Store {int(rng.integers(1, 4))}",
        )
        for position, (second, customer) in enumerate(moments)
    )


def _item(rng: np.random.Generator) -> Item:
    number = int(rng.integers(0, 20))
    price = (Decimal(int(rng.integers(150, 130_000))) / 100).quantize(CENT)
    return Item(f"SKU-{number:02}", ["Tea", "Coffee", "Cups"][number % 3], int(rng.integers(1, 4)), price)


def write_records(path: Path, header: str, records: Iterable[Mapping[str, object]], encoding: str = "utf-8") -> Path:
    """Write a csv file; ``header`` has the names with commas, and a record the values that are not empty."""
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.DictWriter(file, header.split(","), restval="")
        writer.writeheader()
        writer.writerows(records)
    return path


def without_cancelled() -> list[Order]:
    """The orders that were not called off."""
    return [order for order in simulate_orders() if order.status != "cancelled"]


def bought_for_good() -> list[Order]:
    """The orders that were neither called off nor paid back as a whole."""
    return [order for order in without_cancelled() if order.status != "refunded"]


def net_amount(order: Order) -> Decimal:
    """The total less what was paid back."""
    return order.total - order.refund


def time_with_offset(at: datetime) -> str:
    """A time of the shop in Berlin, with its offset as Shopify writes it."""
    return at.replace(tzinfo=BERLIN).strftime("%Y-%m-%d %H:%M:%S %z")
