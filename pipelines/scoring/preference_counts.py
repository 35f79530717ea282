"""Preference counts: what customers did, counted by DuckDB for a batch of customers at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeAlias

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.aggregates.baskets import Baskets
from features.aggregates.discounts import discounted_orders
from features.aggregates.touch_responses import WEIGHT_SUMS, has_touch_channels, sent_touches, touch_responses
from features.aggregates.visit_times import TimeOfDayAvailability, visit_times
from features.config.sources import EventsSource
from features.history import Cutoff, History
from training.preferences.counts import SparseCounts
from training.preferences.touch_rates import TouchRates

BATCH_LINES = 2_000_000  # approximate lines of a batch
MAX_CHANNELS = 50  # the most frequent ones; others are not counted
MAX_CATEGORIES = 1_000_000
Cells: TypeAlias = Mapping[str, NDArray[Any]]  # integers, and floats for sums of weights
HOUR_CODES, WEEKDAY_CODES = 24, 8  # the days of the week are counted from 1


@dataclass(frozen=True)
class Vocabulary:
    """The names of the counted values; empty where the log has none."""

    channels: Sequence[str]  # of orders and events
    touch_channels: Sequence[str]  # channels of touches that were sent
    categories: Sequence[str]

    @classmethod
    def from_history(cls, history: History) -> Vocabulary:
        """The vocabulary of a log, sorted by name."""
        tables = [
            table for table in (history.lines, history.events) if table is not None and "channel" in table.columns
        ]
        touches = [sent_touches(history.touches)] if history.touches is not None and has_touch_channels(history) else []
        categories = [history.lines] if history.has_categories else []
        return cls(
            _frequent_values(tables, "channel", MAX_CHANNELS), _frequent_values(touches, "channel", MAX_CHANNELS),
            _frequent_values(categories, "category", MAX_CATEGORIES),
        )  # fmt: skip


@dataclass(frozen=True)
class PreferenceCounts:
    """The counts per customer, in the order of their ids."""

    hours: SparseCounts
    weekdays: SparseCounts
    channels: SparseCounts
    touches: SparseCounts
    touch_responses: SparseCounts
    categories: SparseCounts  # orders that contain each
    orders: SparseCounts
    recent_orders: SparseCounts  # orders of the last 91 days
    discounted_orders: SparseCounts
    touch_rates: TouchRates = field(kw_only=True)  # of all customers


@dataclass(frozen=True)
class CountQuery:
    """Count query: counts the vocabulary's values in a log before a cutoff."""

    history: History
    cutoff: Cutoff
    events: EventsSource | None
    time_of_day: TimeOfDayAvailability
    vocabulary: Vocabulary

    @property
    def contact_kinds(self) -> tuple[str, ...]:
        """Kinds of event that are a contact by the customer."""
        return () if self.events is None else self.events.contact_kinds

    @property
    def redemption_kinds(self) -> tuple[str, ...]:
        """Kinds of event that redeem a coupon."""
        return () if self.events is None else self.events.redemptions

    def count(self, customers: pa.Array) -> PreferenceCounts:
        """The counts of ``customers``, ids in ascending order; lines of other customers are not read."""
        lines = int(self.history.lines.count().to_pyarrow().as_py())
        step = max(1, len(customers) * BATCH_LINES // max(lines, 1))
        parts = [self._count_batch(customers.slice(start, step)) for start in range(0, len(customers), step)]
        # One count after the other, so that memory never holds all of them twice.
        counts = (
            SparseCounts.concatenate([counts.pop(0) for counts, _ in parts]) for _ in fields(PreferenceCounts)[:-1]
        )
        return PreferenceCounts(*counts, touch_rates=TouchRates.concatenate([rates for _, rates in parts]))

    def _count_batch(self, customers: pa.Array) -> tuple[list[SparseCounts], TouchRates]:
        positions = {"customer_id": customers, "position": pa.array(range(len(customers)), pa.int32())}
        first, last = customers[0].as_py(), customers[-1].as_py()
        with Baskets.open_customer_range(self.history, self.cutoff, first, last) as baskets:
            table = ibis.memtable(pa.table(positions))
            touches = self._fetch_touches(baskets, table)
            weights, channels = [touches[name] for name in WEIGHT_SUMS], len(self.vocabulary.touch_channels)
            rates = TouchRates.from_cells(touches["channel"], weights, channels)
            return list(self._iterate_counts(baskets, table, len(customers), touches)), rates

    def _fetch_touches(self, baskets: Baskets, positions: ir.Table) -> Cells:
        channels = self.vocabulary.touch_channels
        if not channels:
            return _EMPTY_COLUMNS
        responses = touch_responses(baskets, self.cutoff, self.contact_kinds)
        return _fetch_encoded(responses, positions, {"channel": channels})

    def _iterate_counts(self, baskets: Baskets, positions: ir.Table, n: int, touches: Cells) -> Iterator[SparseCounts]:
        vocabulary = self.vocabulary
        visits = _fetch_encoded(
            visit_times(baskets, self.contact_kinds, self.time_of_day), positions, {"channel": vocabulary.channels}
        )
        for by, values in (("hour", HOUR_CODES), ("weekday", WEEKDAY_CODES), ("channel", len(vocabulary.channels))):
            yield SparseCounts.from_cells(visits["position"], visits[by], visits["times"], n, values)
        for name in ("touches", "responded"):
            yield SparseCounts.from_cells(
                touches["position"], touches["channel"], touches[name], n, len(vocabulary.touch_channels)
            )
        categories = _EMPTY_COLUMNS
        if vocabulary.categories:
            categories = _fetch_encoded(baskets.by_category(), positions, {"category": vocabulary.categories})
        yield SparseCounts.from_cells(
            categories["position"], categories["category"], categories["orders"], n, len(vocabulary.categories)
        )
        orders = _fetch_encoded(discounted_orders(baskets, self.cutoff, self.redemption_kinds), positions, {})
        for name in ("orders", "orders_91d", "discounted"):
            yield SparseCounts.from_cells(orders["position"], np.zeros_like(orders["position"]), orders[name], n, 1)


_EMPTY_COLUMNS: Cells = dict.fromkeys(
    ("position", "channel", "touches", "responded", "category", "orders", *WEIGHT_SUMS), np.zeros(0, np.int32)
)


def _fetch_encoded(table: ir.Table, positions: ir.Table, vocabularies: Mapping[str, Sequence[str]]) -> Cells:
    """The columns of a table, customers by position and values by code; -1 for null, or outside the vocabulary."""
    table = table.join(positions, "customer_id").drop("customer_id")
    for name, vocabulary in vocabularies.items():
        codes = {name: pa.array(vocabulary, pa.string()), "code": pa.array(range(len(vocabulary)), pa.int32())}
        table = table.left_join(ibis.memtable(pa.table(codes)), name).drop(name, f"{name}_right").rename({name: "code"})
    encoded = {
        name: table[name] if table[name].type().is_floating() else table[name].cast("int32").fill_null(-1)
        for name in table.columns
    }
    columns = table.select(**encoded).to_pyarrow()
    return {name: columns[name].to_numpy() for name in columns.column_names}


def _frequent_values(tables: Sequence[ir.Table], column: str, limit: int) -> list[str]:
    """The most frequent values of a column over several tables, sorted by name."""
    counts: dict[str, int] = {}
    for table in tables:
        present = table.filter(table[column].notnull())
        counted = present.group_by(column).aggregate(rows=present.count()).to_pyarrow().to_pydict()
        for value, rows in zip(counted[column], counted["rows"], strict=True):
            counts[value] = counts.get(value, 0) + rows
    return sorted(sorted(counts, key=lambda value: (-counts[value], value))[:limit])
