"""Test data: simulated shops with their logs, and the rows that training derives from them."""

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
from features.online.arrow_rows import feature_rows
from features.online.feature_rows import FeatureRows
from features.transformations.categories import CATEGORIES, categories
from features.transformations.feature_tables import feature_views
from features.transformations.transactions import transactions
from training.dataset.labels import outcomes
from training.dataset.outcomes import Outcomes, Rows
from training.dataset.plan import HorizonPlan
from training.dataset.point_in_time import Dataset, build_dataset
from training.dataset.readiness import Readiness, readiness
from training.dataset.schedule import Schedule, plan_schedule
from training.fitting.average import curve, spend
from training.fitting.fit import FittedTier, buyer_mask, fit_tiers
from training.inference.forecast import AVERAGE, BTYD, POPULATION
from training.members import small_trees

OPENING = date(2020, 1, 1)
ZONE = ZoneInfo("UTC")
FITTED_TIERS = (AVERAGE, BTYD, POPULATION)
_NUMBERS = count()
_CACHE_CLEARERS: list[Callable[[], None]] = []
Result = TypeVar("Result")


def cached_for_session(make: Callable[..., Result]) -> Callable[..., Result]:
    """Cache the result of ``make`` for the whole test session."""
    cached = cache(make)
    _CACHE_CLEARERS.append(cached.cache_clear)
    return cached


def clear_shared() -> None:
    for clear in _CACHE_CLEARERS:
        clear()
    gc.collect()


def day(number: int) -> date:
    """Return the day with this number, counted from the opening of the shop."""
    return OPENING + timedelta(days=number)


def cutoff(number: int) -> Cutoff:
    return Cutoff.from_day(day(number), ZONE)


def order_lines(customers: Sequence[str], days: Floats, amounts: Floats | None) -> pd.DataFrame:
    """Return one line per order: customer, days after the opening, amount."""
    at_us = ((days + day_number(OPENING)) * DAY_US).astype(np.int64)
    timestamps = pd.Series(at_us).astype("datetime64[us]").dt.tz_localize(UTC)
    lines = pd.DataFrame(
        {
            "customer_id": pd.Series(customers, dtype="str"),
            "order_id": [f"order {number}" for number in range(len(days))],
            "ordered_at": timestamps,
            "known_at": timestamps,
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


@cached_for_session
def _database() -> ibis.BaseBackend:
    connection = ibis.duckdb.connect()
    connection.raw_sql("SET TimeZone='UTC'")
    return connection


def history_of(*orders: tuple[str, float, float]) -> History:
    """Return a history of the given orders: customer, day, amount."""
    customers, days, amounts = zip(*orders, strict=True)
    return history(order_lines(customers, np.array(days, dtype=float), np.array(amounts, dtype=float)))


def simulate_lines(customers: int, days: int, seed: int = 0) -> pd.DataFrame:
    """Simulate customers who join over most of the span, order at individual rates, and stop one day.

    One customer in twenty has a single return and no order.
    """
    rng = np.random.default_rng(seed)
    start, rate = rng.uniform(0, 0.7 * days, customers), rng.gamma(1.2, 1 / 18, customers)
    leaves, price = rng.exponential(0.6 * days, customers), rng.lognormal(3, 0.6, customers)
    orders = 1 + rng.poisson(rate * np.minimum(leaves, days - start))
    customer = np.repeat(np.arange(customers), orders)
    first = np.concatenate([[True], np.diff(customer) > 0])
    later = rng.uniform(0, np.minimum(leaves, days - start)[customer])
    ordered = np.minimum(start[customer] + np.where(first, 0.0, later), days - 0.01)
    amounts = np.round(price[customer] * rng.lognormal(0, 0.4, len(customer)), 2)
    is_return = customer % 20 == 7
    amounts[is_return] = -np.abs(amounts[is_return])
    return order_lines([f"c{number:05d}" for number in customer], ordered, amounts)


class FakeFeatureStore:
    """Feature store fake: the point-in-time features of a history, without Feast."""

    def __init__(self, history: History, cutoffs: Sequence[Cutoff]) -> None:
        self._views = feature_views(history, None)
        table = transactions(history, cutoffs).to_pyarrow()
        self._types, self._table = table.schema, table.to_pandas()
        if history.has_categories:
            table = categories(history, cutoffs).to_pyarrow()
            for column in CATEGORIES.columns:
                self._types = self._types.append(table.schema.field(column.name))
            on = ["customer_id", "event_timestamp"]
            self._table = self._table.merge(table.to_pandas(), on=on, how="left", sort=False)

    def as_of(self, customers: pa.Table) -> FeatureRows:
        requested = customers.to_pandas()
        features = requested.merge(self._table, on=["customer_id", "event_timestamp"], how="left", sort=False)
        table = pa.Table.from_pandas(features[self._types.names], self._types, preserve_index=False)
        return feature_rows(table.append_column("features_at", table["event_timestamp"]), self._views)

    def known_customers(self, cutoffs: Sequence[Cutoff]) -> pd.DataFrame:
        """Return the customer_id and the cutoff's position of every known customer."""
        positions = {pd.Timestamp(cutoff.timestamp): index for index, cutoff in enumerate(cutoffs)}
        known: pd.DataFrame = self._table.assign(position=self._table["event_timestamp"].map(positions))
        return known[["customer_id", "position"]]


@dataclass(frozen=True)
class TrainingShop:
    """Training shop: a log with everything that training derives from it."""

    lines: pd.DataFrame
    history: History
    schedule: Schedule
    cutoffs: tuple[Cutoff, ...]
    readiness: Readiness
    data: Dataset

    @property
    def plan(self) -> HorizonPlan:
        return self.readiness.plan

    @property
    def now(self) -> Cutoff:
        return self.cutoffs[-1]

    def rows(self, before: Cutoff) -> Rows:
        """Return the rows of all cutoffs before an instant, with outcomes up to that instant."""
        earlier = [cutoff for cutoff in self.cutoffs if cutoff.day < before.day]
        return self.data.rows(before, self.plan.outcome_horizons, earlier)

    def population(self) -> Rows:
        """Return the rows of all customers at the newest cutoff."""
        return self.data.rows(self.now, self.plan.outcome_horizons, [self.now])


def build_shop(lines: pd.DataFrame, days: int, horizons: Sequence[int], churn_days: int) -> TrainingShop:
    """Plan the schedule of a log and build its dataset, as the pipeline does."""
    log = history(lines)
    schedule = plan_schedule(log.day_range()[0], day(days), horizons, churn_days)
    cutoffs = tuple(Cutoff.from_day(cutoff_day, ZONE) for cutoff_day in schedule.cutoffs)
    published = FakeFeatureStore(log, cutoffs)
    data = build_dataset(published.known_customers(cutoffs), cutoffs, log, published)
    ready = readiness(log, schedule, cutoffs, churn_days, horizons)
    return TrainingShop(lines, log, schedule, cutoffs, ready, data)


@cached_for_session
def corner_shop() -> TrainingShop:
    """Return a shop with 700 customers over 300 days and horizons of 30, 60 and 365 days; 365 is not learnable yet."""
    return build_shop(simulate_lines(700, 300), 300, (30, 60, 365), 60)


@cached_for_session
def corner_tiers() -> dict[str, FittedTier]:
    """Return every tier of the corner shop but the last window, fitted on all its rows."""
    shop = corner_shop()
    with small_ensembles():
        return fit_tiers(shop.rows(shop.now), shop.plan, shop.now.day_number, FITTED_TIERS)


@cached_for_session
def other_buyers() -> Rows:
    """Return 2,500 other buyers of such a shop at its newest origin, with outcomes over 60 days."""
    others = build_shop(simulate_lines(2_500, 300, seed=9), 300, (30, 60), 60)
    rows = others.data.rows(others.now, (30, 60), [Cutoff.from_day(others.schedule.origins[0], ZONE)])
    return rows.select(buyer_mask(rows))


@contextmanager
def small_ensembles(rounds: int = 20) -> Iterator[None]:
    """Limit all ensembles to a few rounds."""
    with pytest.MonkeyPatch.context() as patch:
        for params in (*small_trees.PARAMS.values(), spend.PARAMS, curve.HAZARD_PARAMS):
            patch.setitem(params, "num_iterations", rounds)
        yield


def outcomes_of_customers(history: History, cutoff_day: int, limit: int, horizons: Sequence[int]) -> Outcomes:
    """Return the outcomes, up to the limit, of all customers with a line before a day."""
    known = (
        history.before(cutoff(cutoff_day)).lines.select("customer_id").distinct().order_by("customer_id").to_pandas()
    )
    return outcomes(known.assign(position=0), [cutoff(cutoff_day)], history, cutoff(limit), horizons)
