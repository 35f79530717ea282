"""Simulated shops: csv files and the flywheel.toml that configures them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.arrays import Days, Floats, Integers

OPENING = date(2024, 1, 8)
ZONE = ZoneInfo("Europe/Amsterdam")
KINDS = np.array(["app_open", "store_visit", "share"])
CATEGORIES = np.array(["bread", "cheese", "fish", "tea", "wine"])


def day(number: int) -> date:
    """Return a day counted from the opening of the shop."""
    return OPENING + timedelta(days=number)


@dataclass(frozen=True)
class Log:
    """A shop's raw log: order lines with local times, and optional events."""

    orders: pd.DataFrame  # customer, basket, at, loaded_at, amount, quantity, category
    events: pd.DataFrame | None  # customer, at, kind

    def known_before(self, number: int) -> Log:
        """Return the log as of the beginning of a day: lines ordered and loaded by then."""
        cut = pd.Timestamp(day(number))
        loaded = self.orders["loaded_at"].fillna(self.orders["at"])
        events = None if self.events is None else self.events[self.events["at"] < cut]
        return Log(self.orders[(self.orders["at"] < cut) & (loaded < cut)], events)

    def with_orders(self, orders: pd.DataFrame) -> Log:
        """Return the same shop with other order lines."""
        return replace(self, orders=orders)


@dataclass(frozen=True)
class _SimulatedCustomers:
    """Customers who join over most of the span, order at their own pace, and stop."""

    joined_day: Floats
    stay_days: Floats
    gap_days: Floats  # days
    price: Floats

    @classmethod
    def draw(cls, rng: np.random.Generator, customers: int, days: int) -> _SimulatedCustomers:
        joined = rng.uniform(0, 0.95 * days, customers)
        stays = np.minimum(rng.exponential(0.7 * days, customers), days - joined)
        return cls(joined, stays, np.clip(rng.lognormal(2.8, 0.7, customers), 4, 90), rng.lognormal(3, 0.6, customers))

    def times(self, rng: np.random.Generator, gap_days: Floats) -> tuple[Integers, Floats]:
        """Return customer indices and visit days: the first visit on joining, then at similar gaps."""
        max_visits = int(self.stay_days.max() / gap_days.min()) + 2
        gaps = gap_days[:, None] * rng.lognormal(0, 0.3, (len(gap_days), max_visits))
        days_since = np.cumsum(gaps, axis=1) - gaps[:, [0]]
        customer, _ = np.nonzero(days_since <= self.stay_days[:, None])
        return customer, self.joined_day[customer] + days_since[days_since <= self.stay_days[:, None]]


def simulate_log(customers: int, days: int, seed: int = 0) -> Log:
    """Simulate a shop with returns, late loads, lines without a customer id, and customers with events alone."""
    rng = np.random.default_rng(seed)
    population = _SimulatedCustomers.draw(rng, customers, days)
    visitors = max(customers // 20, 1)
    customer, day_number = population.times(rng, population.gap_days / 2)
    orders = _order_lines(rng, population, days)
    events = pd.DataFrame(
        {
            "customer": np.concatenate([_names(customer), [f"v{number:04d}" for number in range(visitors)]]),
            "at": _clock(rng, np.concatenate([day_number, rng.uniform(0, days, visitors)])),
            "kind": KINDS[rng.integers(0, len(KINDS), len(customer) + visitors)],
        }
    )
    return Log(orders, events.sort_values(["at", "customer"], ignore_index=True))


def _order_lines(rng: np.random.Generator, customers: _SimulatedCustomers, days: int) -> pd.DataFrame:
    customer, order_day = customers.times(rng, customers.gap_days)
    lines = rng.integers(1, 4, len(customer))
    basket = np.repeat(np.arange(len(customer)), lines)
    ordered_at = _clock(rng, order_day)[basket]
    amount = customers.price[customer][basket] * rng.lognormal(0, 0.5, len(basket)) / lines[basket]
    is_return = rng.uniform(size=len(basket)) < 0.05
    is_late = rng.uniform(size=len(basket)) < 0.05
    loaded = np.where(is_late, ordered_at + rng.integers(0, 20 * 86_400, len(ordered_at)), np.datetime64("NaT", "s"))
    table = pd.DataFrame(
        {
            "customer": np.where(rng.uniform(size=len(basket)) < 0.01, "", _names(customer[basket])),
            "basket": [f"b{number:06d}" for number in basket],
            "at": np.where(is_return, ordered_at + 86_400 * rng.integers(1, 20, len(ordered_at)), ordered_at),
            "loaded_at": loaded,
            "amount": np.where(is_return, -1, 1) * np.round(amount, 2),
            "quantity": np.where(is_return, -1, 1) * rng.integers(1, 4, len(basket)),
            "category": CATEGORIES[rng.integers(0, len(CATEGORIES), len(basket))],
        }
    )
    known = table[table["at"] < pd.Timestamp(day(days))]
    return known.sort_values(["at", "basket", "amount"], ignore_index=True)


def _names(customer: Integers) -> NDArray[np.str_]:
    """Ids that look like numbers, with leading zeros that must be preserved."""
    return np.array([f"{number:05d}" for number in customer])


def _clock(rng: np.random.Generator, days: Floats) -> Days:
    """Local time within opening hours, in seconds."""
    seconds = rng.integers(8 * 3600, 22 * 3600, len(days))
    return np.datetime64(OPENING, "s") + (np.floor(days).astype(np.int64) * 86_400 + seconds)


def log_of_orders(*orders: tuple[str, int, float]) -> Log:
    """Build a log by hand from (customer, day after the opening, amount); one order each, at ten o'clock."""
    ordered_at = [pd.Timestamp(day(number)) + pd.Timedelta(hours=10) for _, number, _ in orders]
    table = pd.DataFrame(
        {
            "customer": [customer for customer, _, _ in orders],
            "basket": [f"b{number}" for number in range(len(orders))],
            "at": pd.Series(ordered_at, dtype="datetime64[s]"),
            "loaded_at": pd.Series([pd.NaT] * len(orders), dtype="datetime64[s]"),
            "amount": [amount for _, _, amount in orders],
            "quantity": 1,
            "category": "bread",
        }
    )
    return Log(table, None)


ORDERS = {
    "customer_id": "customer", "ordered_at": "at", "order_id": "basket", "recorded_at": "loaded_at",
    "amount": "amount", "quantity": "quantity", "category": "category",
}  # fmt: skip
CHURN_RULES = (
    '{ "no contact for 3 days" = { no_contact_days = 3 }, "30 天未下单" = { no_order_days = 30 }, '
    '"a year" = { no_order_days = 365 } }'
)
BUSINESS = {"churn_days": "60", "ltv_days": "[30, 365]", "lead_days": "5"}


def write_shop(folder: Path, log: Log, *, accept: Sequence[str] = (), **business: str) -> Path:
    """Write the csv files and a flywheel.toml for their columns; return the path of the flywheel.toml."""
    folder.mkdir(parents=True, exist_ok=True)
    log.orders.to_csv(folder / "orders.csv", index=False)
    config_lines = ['name = "corner-shop"', 'currency = "EUR"', 'timezone = "Europe/Amsterdam"']
    config_lines += [f"accept = {list(accept)}", "", "[orders]"]
    config_lines += ['path = "orders.csv"']
    config_lines += [f'{name} = "{column}"' for name, column in ORDERS.items() if column in log.orders]
    if log.events is not None:
        log.events.to_csv(folder / "events.csv", index=False)
        config_lines += [
            "",
            "[events]",
            'path = "events.csv"',
            'customer_id = "customer"',
            'happened_at = "at"',
            'kind = "kind"',
        ]
        config_lines += ['behaviour = ["app_open", "store_visit"]', 'social = ["share"]']
    config_lines += ["", "[business]", *(f"{name} = {value}" for name, value in {**BUSINESS, **business}.items())]
    (folder / "flywheel.toml").write_text("\n".join(config_lines) + "\n")
    return folder / "flywheel.toml"
