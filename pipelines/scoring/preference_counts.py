"""What everybody did, counted by DuckDB for some customers at a time, and handed over as numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from features.aggregates.baskets import Baskets
from features.aggregates.discounts import discounted_orders
from features.aggregates.touch_responses import has_touch_channels, touch_responses
from features.aggregates.visit_times import TimeOfDayAvailability, visit_times
from features.arrays import SmallIntegers
from features.config.sources import EventsSource
from features.history import Cutoff, History
from training.preferences.counts import SparseCounts

BATCH_LINES = 2_000_000  # that are looked at together, about
MAX_CHANNELS = 50  # that are told apart, the most used ones
MAX_CATEGORIES = 1_000_000
HOUR_CODES, WEEKDAY_CODES = 24, 8  # the days of the week are counted from 1


@dataclass(frozen=True)
class Vocabulary:
    """What the counts' values stand for; none where the log does not say."""

    channels: Sequence[str]  # of orders and events
    touch_channels: Sequence[str]  # channels of touches
    categories: Sequence[str]

    @classmethod
    def from_history(cls, history: History) -> Vocabulary:
        """Those of a log, by name."""
        tables = [
            table for table in (history.lines, history.events) if table is not None and "channel" in table.columns
        ]
        touched = [history.touches] if has_touch_channels(history) else []
        categories = [history.lines] if history.has_categories else []
        return cls(
            _frequent_values(tables, "channel", MAX_CHANNELS), _frequent_values(touched, "channel", MAX_CHANNELS),
            _frequent_values(categories, "category", MAX_CATEGORIES),
        )  # fmt: skip


@dataclass(frozen=True)
class PreferenceCounts:
    """What customers did, in the order of their ids."""

    hours: SparseCounts
    weekdays: SparseCounts
    channels: SparseCounts
    touches: SparseCounts
    touch_responses: SparseCounts
    categories: SparseCounts  # orders that contain each
    orders: SparseCounts
    recent_orders: SparseCounts  # orders of late
    discounted_orders: SparseCounts


@dataclass(frozen=True)
class CountQuery:
    """What is counted in which log."""

    history: History
    cutoff: Cutoff
    events: EventsSource | None
    time_of_day: TimeOfDayAvailability
    vocabulary: Vocabulary

    @property
    def contact_kinds(self) -> tuple[str, ...]:
        """Of events by which a customer is heard of."""
        return () if self.events is None else self.events.contact_kinds

    @property
    def redemption_kinds(self) -> tuple[str, ...]:
        """Kinds of event that redeem a coupon."""
        return () if self.events is None else self.events.redemptions

    def count(self, customers: pa.Array) -> PreferenceCounts:
        """The counts of everybody in ``customers``, ids in ascending order; of others nothing is looked at."""
        lines = int(self.history.lines.count().to_pyarrow().as_py())
        step = max(1, len(customers) * BATCH_LINES // max(lines, 1))
        parts = [self._count_batch(customers.slice(at, step)) for at in range(0, len(customers), step)]
        # One after the other, so that what is joined is not held twice.
        return PreferenceCounts(
            *(SparseCounts.concatenate([part.pop(0) for part in parts]) for _ in fields(PreferenceCounts))
        )

    def _count_batch(self, customers: pa.Array) -> list[SparseCounts]:
        named = {"customer_id": customers, "place": pa.array(range(len(customers)), pa.int32())}
        first, last = customers[0].as_py(), customers[-1].as_py()
        with Baskets.open_customer_range(self.history, self.cutoff, first, last) as baskets:
            return list(self._iterate_counts(baskets, ibis.memtable(pa.table(named)), len(customers)))

    def _iterate_counts(self, baskets: Baskets, positions: ir.Table, n: int) -> Iterator[SparseCounts]:
        words = self.vocabulary
        said = _fetch_encoded(
            visit_times(baskets, self.contact_kinds, self.time_of_day), positions, {"channel": words.channels}
        )
        for by, values in (("hour", HOUR_CODES), ("weekday", WEEKDAY_CODES), ("channel", len(words.channels))):
            yield SparseCounts.from_cells(said["place"], said[by], said["times"], n, values)
        sent = _EMPTY_COLUMNS
        if words.touch_channels:
            sent = _fetch_encoded(
                touch_responses(baskets, self.cutoff, self.contact_kinds), positions, {"channel": words.touch_channels}
            )
        for name in ("touches", "responded"):
            yield SparseCounts.from_cells(sent["place"], sent["channel"], sent[name], n, len(words.touch_channels))
        held = _EMPTY_COLUMNS
        if words.categories:
            held = _fetch_encoded(baskets.by_category(), positions, {"category": words.categories})
        yield SparseCounts.from_cells(held["place"], held["category"], held["orders"], n, len(words.categories))
        bought = _fetch_encoded(discounted_orders(baskets, self.cutoff, self.redemption_kinds), positions, {})
        for name in ("orders", "orders_91d", "discounted"):
            yield SparseCounts.from_cells(bought["place"], np.zeros_like(bought["place"]), bought[name], n, 1)


_EMPTY_COLUMNS: Mapping[str, SmallIntegers] = dict.fromkeys(
    ("place", "channel", "touches", "responded", "category", "orders"), np.zeros(0, np.int32)
)


def _fetch_encoded(
    table: ir.Table, positions: ir.Table, vocabularies: Mapping[str, Sequence[str]]
) -> Mapping[str, SmallIntegers]:
    """The columns of a table, customers and some words by their place; -1 for what is null, or not among the words."""
    table = table.join(positions, "customer_id").drop("customer_id")
    for name, words in vocabularies.items():
        named = {name: pa.array(words, pa.string()), "code": pa.array(range(len(words)), pa.int32())}
        table = table.left_join(ibis.memtable(pa.table(named)), name).drop(name, f"{name}_right").rename({name: "code"})
    found = table.select(**{name: table[name].cast("int32").fill_null(-1) for name in table.columns}).to_pyarrow()
    return {name: found[name].to_numpy() for name in found.column_names}


def _frequent_values(tables: Sequence[ir.Table], column: str, limit: int) -> list[str]:
    """What most rows of some tables say in a column, by name."""
    found: dict[str, int] = {}
    for table in tables:
        named = table.filter(table[column].notnull())
        counted = named.group_by(column).aggregate(rows=named.count()).to_pyarrow().to_pydict()
        for word, rows in zip(counted[column], counted["rows"], strict=True):
            found[word] = found.get(word, 0) + rows
    return sorted(sorted(found, key=lambda word: (-found[word], word))[:limit])
