"""Simulated shops: who ordered what and when, and the rows that training makes of it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from functools import cache
from itertools import count
from typing import TypeVar
from zoneinfo import ZoneInfo

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from features.arrays import Floats
from features.calendar import DAY_US, day_number
from features.history import Cutoff, History
from features.online.arrow_rows import stored
from features.online.feature_rows import Stored
from features.transformations.categories import CATEGORIES, categories
from features.transformations.feature_tables import views
from features.transformations.transactions import transactions
from training.dataset.labels import outcomes
from training.dataset.outcomes import Outcomes, Rows
from training.dataset.point_in_time import Dataset, dataset
from training.dataset.readiness import Readiness, readiness
from training.dataset.schedule import Schedule, schedule
from training.fitting.fit import Fitted, buyers, fit_rungs
from training.inference.forecast import TIERS
from training.model import Plan
from training.models import churn, ltv, next_purchase

OPENING = date(2020, 1, 1)
ZONE = ZoneInfo("UTC")
_NUMBERS = count()
_KEPT: list[Callable[[], None]] = []
Made = TypeVar("Made")


def kept(make: Callable[..., Made]) -> Callable[..., Made]:
    """Made once and shared by all tests, until they are over."""
    cached = cache(make)
    _KEPT.append(cached.cache_clear)
    return cached


def let_go() -> None:
    for clear in _KEPT:
        clear()
    gc.collect()


def day(number: int) -> date:
    """A day counted from the opening of the shop."""
    return OPENING + timedelta(days=number)


def cutoff(number: int) -> Cutoff:
    return Cutoff.of(day(number), ZONE)


def log(customers: Sequence[str], days: Floats, amounts: Floats | None) -> pd.DataFrame:
    """One line per order: who, how many days after the opening, for how much."""
    at_us = ((days + day_number(OPENING)) * DAY_US).astype(np.int64)
    when = pd.Series(at_us).astype("datetime64[us]").dt.tz_localize(UTC)
    lines = pd.DataFrame(
        {
            "customer_id": pd.Series(customers, dtype="str"),
            "order_id": [f"order {number}" for number in range(len(days))],
            "ordered_at": when,
            "known_at": when,
            "at_us": at_us,
            "day_number": (at_us // DAY_US).astype(np.int32),
        }
    )
    return lines if amounts is None else lines.assign(amount=amounts)


def history(lines: pd.DataFrame) -> History:
    table = pa.Table.from_pandas(lines, preserve_index=False)
    if "amount" in lines:
        exact = table["amount"].cast(pa.decimal128(18, 4))
        table = table.set_column(table.column_names.index("amount"), "amount", exact)
    return History(_database().create_table(f"lines_{next(_NUMBERS)}", ibis.memtable(table)), None)


@kept
def _database() -> ibis.BaseBackend:
    connection = ibis.duckdb.connect()
    connection.raw_sql("SET TimeZone='UTC'")
    return connection


def told(*orders: tuple[str, float, float]) -> History:
    """A history written out by hand: customer, day, amount."""
    customers, days, amounts = zip(*orders, strict=True)
    return history(log(customers, np.array(days, dtype=float), np.array(amounts, dtype=float)))


def simulated(customers: int, days: int, seed: int = 0) -> pd.DataFrame:
    """Customers who join over most of the span, order at rates of their own, and one day stop.

    One in twenty is known from a return alone and never orders.
    """
    rng = np.random.default_rng(seed)
    joined, rate = rng.uniform(0, 0.7 * days, customers), rng.gamma(1.2, 1 / 18, customers)
    leaves, price = rng.exponential(0.6 * days, customers), rng.lognormal(3, 0.6, customers)
    orders = 1 + rng.poisson(rate * np.minimum(leaves, days - joined))
    who = np.repeat(np.arange(customers), orders)
    first = np.concatenate([[True], np.diff(who) > 0])
    later = rng.uniform(0, np.minimum(leaves, days - joined)[who])
    placed = np.minimum(joined[who] + np.where(first, 0.0, later), days - 0.01)
    amounts = np.round(price[who] * rng.lognormal(0, 0.4, len(who)), 2)
    returned = who % 20 == 7
    amounts[returned] = -np.abs(amounts[returned])
    return log([f"c{one:05d}" for one in who], placed, amounts)


class Published:
    """The point-in-time features of a history, without a catalogue between."""

    def __init__(self, told: History, cutoffs: Sequence[Cutoff]) -> None:
        self._views = views(told, None)
        table = transactions(told, cutoffs).to_pyarrow()
        self._types, self._table = table.schema, table.to_pandas()
        if told.has_categories:
            table = categories(told, cutoffs).to_pyarrow()
            for column in CATEGORIES.columns:
                self._types = self._types.append(table.schema.field(column.name))
            on = ["customer_id", "event_timestamp"]
            self._table = self._table.merge(table.to_pandas(), on=on, how="left", sort=False)

    def as_of(self, customers: pa.Table) -> Stored:
        asked = customers.to_pandas()
        joined = asked.merge(self._table, on=["customer_id", "event_timestamp"], how="left", sort=False)
        table = pa.Table.from_pandas(joined[self._types.names], self._types, preserve_index=False)
        return stored(table.append_column("features_at", table["event_timestamp"]), self._views)

    def known(self, cutoffs: Sequence[Cutoff]) -> pd.DataFrame:
        """customer_id and position of every known customer."""
        position = {pd.Timestamp(one.at): place for place, one in enumerate(cutoffs)}
        found: pd.DataFrame = self._table.assign(position=self._table["event_timestamp"].map(position))
        return found[["customer_id", "position"]]


@dataclass(frozen=True)
class Shop:
    """A log with everything that training derives from it."""

    lines: pd.DataFrame
    told: History
    laid: Schedule
    cutoffs: tuple[Cutoff, ...]
    ready: Readiness
    data: Dataset

    @property
    def plan(self) -> Plan:
        return self.ready.plan

    @property
    def now(self) -> Cutoff:
        return self.cutoffs[-1]

    def rows(self, before: Cutoff) -> Rows:
        """Rows of all cutoffs before an instant, with outcomes as far as that instant."""
        earlier = [one for one in self.cutoffs if one.day < before.day]
        return self.data.rows(before, self.plan.observed, earlier)

    def population(self) -> Rows:
        """Everybody known today."""
        return self.data.rows(self.now, self.plan.observed, [self.now])


def shop(lines: pd.DataFrame, days: int, asked: Sequence[int], churn_days: int) -> Shop:
    """Lay out and join a log as the pipeline does."""
    told = history(lines)
    laid = schedule(told.days()[0], day(days), asked, told.customers())
    cutoffs = tuple(Cutoff.of(one, ZONE) for one in laid.cutoffs)
    published = Published(told, cutoffs)
    data = dataset(published.known(cutoffs), cutoffs, told, published)
    return Shop(lines, told, laid, cutoffs, readiness(told, laid, cutoffs, churn_days, asked), data)


@kept
def corner_shop() -> Shop:
    """700 customers over 300 days, asked about 30, 60 and, too early, 365 days."""
    return shop(simulated(700, 300), 300, (30, 60, 365), 60)


@kept
def corner_rungs() -> dict[str, Fitted]:
    """Every rung of the corner shop, fitted on all that is known."""
    with few_rounds():
        return fit_rungs(corner_shop().rows(corner_shop().now), corner_shop().plan, TIERS)


@kept
def other_buyers() -> Rows:
    """2,500 other customers of such a shop at its newest origin, and what they did in 60 days."""
    others = shop(simulated(2_500, 300, seed=9), 300, (30, 60), 60)
    rows = others.data.rows(others.now, (30, 60), [Cutoff.of(others.laid.origins[0], ZONE)])
    return rows.at(buyers(rows))


@contextmanager
def few_rounds(rounds: int = 20) -> Iterator[None]:
    """Ensembles small enough for a test."""
    with pytest.MonkeyPatch.context() as patch:
        for params in (churn.PARAMS, next_purchase.PARAMS, *ltv.PARAMS.values(), ltv.GENTLE):
            patch.setitem(params, "num_iterations", rounds)
        yield


def seen(told: History, at: int, limit: int, horizons: Sequence[int]) -> Outcomes:
    """What happened to everybody who had a line by a day, as far as the limit."""
    known = told.before(cutoff(at)).lines.select("customer_id").distinct().order_by("customer_id").to_pandas()
    return outcomes(known.assign(position=0), [cutoff(at)], told, cutoff(limit), horizons)
