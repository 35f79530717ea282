"""The canonical history as Ibis tables, and what of it was known at a cutoff."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from features.calendar import day_from_number, day_number, start_of_day
from features.consents.ledger import ProfilingScope
from features.errors import NotEnoughData, NotFound
from features.ingestion.value_parsing import quote_literal


@dataclass(frozen=True)
class Cutoff:
    """The instant at which a local day begins: everything before it is known, nothing after it exists."""

    day: date
    timestamp: datetime

    @classmethod
    def from_day(cls, day: date, zone: ZoneInfo) -> Cutoff:
        """The cutoff at the beginning of a local day."""
        return cls(day, start_of_day(day, zone))

    @property
    def day_number(self) -> int:
        """The local day, as days since 1970."""
        return day_number(self.day)


@dataclass(frozen=True)
class History:
    """A shop's log in canonical columns.

    ``lines`` has customer_id, order_id (never null), ordered_at, known_at, day_number (local days since 1970) and
    amount, quantity, discount, coupon, product_id, category, channel, store_id where the shop has them; ``events`` has
    customer_id, happened_at, day_number, kind and channel, value, duration_s where it has them; ``touches``, what was
    sent, has customer_id, sent_at, campaign_id and channel where it has them.
    """

    lines: ir.Table
    events: ir.Table | None
    touches: ir.Table | None = None

    @classmethod
    def open(cls, folder: Path, *, memory_limit: str = "2GB") -> History:
        """Open the parquet files that ingestion wrote.

        Raises:
            NotFound: nothing has been ingested.
        """
        if not (folder / "orders.parquet").is_file():
            raise NotFound(f"No history in {folder}. Expected an ingested log: run `flywheel ingest` first.")
        connection = ibis.duckdb.connect()
        connection.raw_sql("SET TimeZone='UTC'")
        connection.raw_sql(f"SET memory_limit='{memory_limit}'")
        connection.raw_sql("SET preserve_insertion_order=false")
        connection.raw_sql(f"SET temp_directory={quote_literal(str(folder / 'spill'))}")
        more = {name: folder / f"{name}.parquet" for name in ("events", "touches")}
        return cls(
            _complete_lines(connection.read_parquet(folder / "orders.parquet", table_name="lines")),
            *(connection.read_parquet(at, table_name=name) if at.is_file() else None for name, at in more.items()),
        )

    @property
    def has_amounts(self) -> bool:
        """Whether the shop logs what was paid."""
        return "amount" in self.lines.columns

    @property
    def has_categories(self) -> bool:
        """Whether the shop logs what kind of thing was ordered."""
        return "category" in self.lines.columns

    def before(self, cutoff: Cutoff) -> History:
        """What was known at the cutoff, and nothing else."""
        at = ibis.literal(cutoff.timestamp, "timestamp('UTC')")
        lines = self.lines.filter(self.lines.known_at < at)
        events = None if self.events is None else self.events.filter(self.events.happened_at < at)
        touches = None if self.touches is None else self.touches.filter(self.touches.sent_at < at)
        return History(lines, events, touches)

    def restrict_to_scope(self, scope: ProfilingScope) -> History:
        """The log of those of whom predictions may be made and learned."""
        return (
            self.without_customers(scope.exception_ids)
            if scope.by_default
            else self.only_customers(scope.exception_ids)
        )

    def without_customers(self, customer_ids: Sequence[str]) -> History:
        """The log of everybody else."""
        return (
            self._map_tables(lambda table, named: table.anti_join(named, "customer_id"), customer_ids)
            if customer_ids
            else self
        )

    def only_customers(self, customer_ids: Sequence[str]) -> History:
        """The log of these customers."""
        return self._map_tables(lambda table, named: table.semi_join(named, "customer_id"), customer_ids)

    def _map_tables(self, transform: Callable[[ir.Table, ir.Table], ir.Table], customer_ids: Sequence[str]) -> History:
        named = ibis.memtable({"customer_id": list(customer_ids)}, schema={"customer_id": "string"})
        events, touches = (None if one is None else transform(one, named) for one in (self.events, self.touches))
        return History(transform(self.lines, named), events, touches)

    def count_customers(self) -> int:
        """How many have an order line."""
        return int(self.lines.customer_id.nunique().to_pyarrow().as_py())

    def day_range(self) -> tuple[date, date]:
        """The first and the last local day with an order line.

        Raises:
            NotEnoughData: there is no line at all.
        """
        day = self.lines.day_number
        found = self.lines.aggregate(first=day.min(), last=day.max()).to_pyarrow().to_pylist()[0]
        if found["first"] is None:
            raise NotEnoughData(
                "No order line before the cutoff. Expected at least one: check --as-of and the log's dates."
            )
        return day_from_number(found["first"]), day_from_number(found["last"])


def _complete_lines(lines: ir.Table) -> ir.Table:
    by_day = "day " + lines.day_number.cast("string")
    order_id = ibis.coalesce(lines.order_id, by_day) if "order_id" in lines.columns else by_day
    known_at = lines.ordered_at
    if "recorded_at" in lines.columns:
        known_at = ibis.greatest(known_at, lines.recorded_at.fill_null(known_at))
    return lines.mutate(order_id=order_id, known_at=known_at)


def cutoff_table(cutoffs: Sequence[Cutoff]) -> ir.Table:
    """The cutoffs as a table: position, cutoff, cutoff_day."""
    rows = [(position, cutoff.timestamp, cutoff.day_number) for position, cutoff in enumerate(cutoffs)]
    return ibis.memtable(rows, schema={"position": "int32", "cutoff": "timestamp('UTC')", "cutoff_day": "int32"})


def first_cutoff_after(timestamp: ir.TimestampColumn, cutoffs: Sequence[Cutoff]) -> ir.IntegerColumn:
    """The position of the first cutoff that comes after an instant: from there on it is known."""
    passed = [(timestamp >= ibis.literal(cutoff.timestamp, "timestamp('UTC')")).cast("int32") for cutoff in cutoffs]
    total = passed[0]
    for one in passed[1:]:
        total = total + one
    return total
