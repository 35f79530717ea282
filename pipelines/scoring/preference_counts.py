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
from features.aggregates.touch_responses import names_channels, responses
from features.aggregates.visit_times import Clock, moments
from features.arrays import SmallIntegers
from features.config.sources import Events
from features.history import Cutoff, History
from training.preferences.counts import Counts

LINES = 2_000_000  # that are looked at together, about
CHANNELS = 50  # that are told apart, the most used ones
EVERY = 1_000_000
HOURS, DAYS = 24, 8  # the days of the week are counted from 1


@dataclass(frozen=True)
class Words:
    """What the counts' values stand for; none where the log does not say."""

    channels: Sequence[str]  # of orders and events
    touched: Sequence[str]  # channels of touches
    categories: Sequence[str]

    @classmethod
    def of(cls, known: History) -> Words:
        """Those of a log, by name."""
        tables = [table for table in (known.lines, known.events) if table is not None and "channel" in table.columns]
        touched = [known.touches] if names_channels(known) else []
        categories = [known.lines] if known.has_categories else []
        return cls(
            _words(tables, "channel", CHANNELS), _words(touched, "channel", CHANNELS),
            _words(categories, "category", EVERY),
        )  # fmt: skip


@dataclass(frozen=True)
class Tally:
    """What customers did, in the order of their ids."""

    hours: Counts
    weekdays: Counts
    channels: Counts
    touches: Counts
    answered: Counts
    categories: Counts  # orders that contain each
    orders: Counts
    recent: Counts  # orders of late
    discounted: Counts


@dataclass(frozen=True)
class Shop:
    """What is counted in which log."""

    history: History
    cutoff: Cutoff
    events: Events | None
    clock: Clock
    words: Words

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of events by which a customer is heard of."""
        return () if self.events is None else self.events.contacts

    @property
    def redemptions(self) -> tuple[str, ...]:
        """Kinds of event that redeem a coupon."""
        return () if self.events is None else self.events.redemptions

    def tally(self, customers: pa.Array) -> Tally:
        """The counts of everybody in ``customers``, ids in ascending order; of others nothing is looked at."""
        lines = int(self.history.lines.count().to_pyarrow().as_py())
        step = max(1, len(customers) * LINES // max(lines, 1))
        parts = [self._part(customers.slice(at, step)) for at in range(0, len(customers), step)]
        # One after the other, so that what is joined is not held twice.
        return Tally(*(Counts.joined([part.pop(0) for part in parts]) for _ in fields(Tally)))

    def _part(self, customers: pa.Array) -> list[Counts]:
        named = {"customer_id": customers, "place": pa.array(range(len(customers)), pa.int32())}
        first, last = customers[0].as_py(), customers[-1].as_py()
        with Baskets.between(self.history, self.cutoff, first, last) as baskets:
            return list(self._counts(baskets, ibis.memtable(pa.table(named)), len(customers)))

    def _counts(self, baskets: Baskets, places: ir.Table, n: int) -> Iterator[Counts]:
        words = self.words
        said = _pulled(moments(baskets, self.kinds, self.clock), places, {"channel": words.channels})
        for by, values in (("hour", HOURS), ("weekday", DAYS), ("channel", len(words.channels))):
            yield Counts.of(said["place"], said[by], said["times"], n, values)
        sent = _NOTHING
        if words.touched:
            sent = _pulled(responses(baskets, self.cutoff, self.kinds), places, {"channel": words.touched})
        for name in ("touches", "answered"):
            yield Counts.of(sent["place"], sent["channel"], sent[name], n, len(words.touched))
        held = _NOTHING
        if words.categories:
            held = _pulled(baskets.by_category(), places, {"category": words.categories})
        yield Counts.of(held["place"], held["category"], held["orders"], n, len(words.categories))
        bought = _pulled(discounted_orders(baskets, self.cutoff, self.redemptions), places, {})
        for name in ("orders", "orders_91d", "discounted"):
            yield Counts.of(bought["place"], np.zeros_like(bought["place"]), bought[name], n, 1)


_NOTHING: Mapping[str, SmallIntegers] = dict.fromkeys(
    ("place", "channel", "touches", "answered", "category", "orders"), np.zeros(0, np.int32)
)


def _pulled(table: ir.Table, places: ir.Table, codes: Mapping[str, Sequence[str]]) -> Mapping[str, SmallIntegers]:
    """The columns of a table, customers and some words by their place; -1 for what is null, or not among the words."""
    table = table.join(places, "customer_id").drop("customer_id")
    for name, words in codes.items():
        named = {name: pa.array(words, pa.string()), "code": pa.array(range(len(words)), pa.int32())}
        table = table.left_join(ibis.memtable(pa.table(named)), name).drop(name, f"{name}_right").rename({name: "code"})
    found = table.select(**{name: table[name].cast("int32").fill_null(-1) for name in table.columns}).to_pyarrow()
    return {name: found[name].to_numpy() for name in found.column_names}


def _words(tables: Sequence[ir.Table], column: str, most: int) -> list[str]:
    """What most rows of some tables say in a column, by name."""
    found: dict[str, int] = {}
    for table in tables:
        named = table.filter(table[column].notnull())
        counted = named.group_by(column).aggregate(rows=named.count()).to_pyarrow().to_pydict()
        for word, rows in zip(counted[column], counted["rows"], strict=True):
            found[word] = found.get(word, 0) + rows
    return sorted(sorted(found, key=lambda word: (-found[word], word))[:most])
