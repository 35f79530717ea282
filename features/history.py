"""History: the canonical log as Ibis tables, and the part of it that was known at a cutoff."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from features.calendar import day_from_number, day_number, start_of_day
from features.consents.profiling_scope import ProfilingScope
from features.errors import NotEnoughData, NotFound
from features.storage.duckdb_connection import NO_PROGRESS_BAR
from features.storage.sql_quoting import quote_literal


@dataclass(frozen=True)
class Cutoff:
    """The instant at which a local day begins; features see only what was known before it."""

    day: date
    timestamp: datetime

    @classmethod
    def from_day(cls, day: date, zone: ZoneInfo) -> Cutoff:
        """Create the cutoff at the beginning of a local day."""
        return cls(day, start_of_day(day, zone))

    @property
    def day_number(self) -> int:
        """The local day, as days since 1970."""
        return day_number(self.day)


@dataclass(frozen=True)
class History:
    """The log of a shop in canonical columns, one table per kind of row.

    ``lines`` are order lines: customer_id, order_id (never null), ordered_at, known_at, day_number (local days since
    1970) and, where the shop has them, amount, quantity, discount, coupon, product_id, category, channel, store_id.
    ``events`` has customer_id, happened_at, day_number, kind and, where the shop has them, channel, value, duration_s.
    ``touches`` are messages to customers: customer_id, sent_at, campaign_id and, where the shop has them, channel,
    treated (false: withheld by a hold-out), probability (of being treated), decision_id, cost, recorded_at.
    ``feedback`` are the labels of texts: customer_id, happened_at, day_number, language, sentiment and topics.
    """

    lines: ir.Table
    events: ir.Table | None
    touches: ir.Table | None = None
    feedback: ir.Table | None = None

    @classmethod
    def open(cls, folder: Path, *, memory_limit: str = "2GB") -> History:
        """Open the parquet files that ingestion wrote.

        Raises:
            NotFound: the folder holds no ingested log.
        """
        if not (folder / "orders.parquet").is_file():
            raise NotFound(f"No history in {folder}. Expected an ingested log: run `flywheel ingest` first.")
        connection = ibis.duckdb.connect()
        connection.raw_sql(NO_PROGRESS_BAR)
        connection.raw_sql("SET TimeZone='UTC'")
        connection.raw_sql(f"SET memory_limit='{memory_limit}'")
        connection.raw_sql("SET preserve_insertion_order=false")
        connection.raw_sql(f"SET temp_directory={quote_literal(str(folder / 'spill'))}")
        optional = {name: folder / f"{name}.parquet" for name in ("events", "touches", "feedback")}
        return cls(
            complete_lines(connection.read_parquet(folder / "orders.parquet", table_name="lines")),
            *(
                connection.read_parquet(path, table_name=name) if path.is_file() else None
                for name, path in optional.items()
            ),
        )

    @property
    def has_amounts(self) -> bool:
        """Whether the order lines have amounts."""
        return "amount" in self.lines.columns

    @property
    def has_categories(self) -> bool:
        """Whether the order lines have categories."""
        return "category" in self.lines.columns

    def before(self, cutoff: Cutoff) -> History:
        """The part of the history that was known before the cutoff."""
        instant = ibis.literal(cutoff.timestamp, "timestamp('UTC')")
        lines = self.lines.filter(self.lines.known_at < instant)
        events = None if self.events is None else self.events.filter(self.events.happened_at < instant)
        touches, feedback = (
            None if table is None else table.filter(known_at(table, happened_at) < instant)
            for table, happened_at in ((self.touches, "sent_at"), (self.feedback, "happened_at"))
        )
        return History(lines, events, touches, feedback)

    def after(self, cutoff: Cutoff) -> History:
        """The order lines dated on the day of the cutoff or later, without events and touches."""
        return History(self.lines.filter(self.lines.day_number >= cutoff.day_number), None)

    def restrict_to_scope(self, scope: ProfilingScope) -> History:
        """The history of the customers whose data may be used for profiling."""
        return (
            self.without_customers(scope.exception_ids)
            if scope.by_default
            else self.only_customers(scope.exception_ids)
        )

    def without_customers(self, customer_ids: Sequence[str]) -> History:
        """The history without the rows of these customers."""
        return (
            self._map_tables(lambda table, selected: table.anti_join(selected, "customer_id"), customer_ids)
            if customer_ids
            else self
        )

    def only_customers(self, customer_ids: Sequence[str]) -> History:
        """The history with only the rows of these customers."""
        return self._map_tables(lambda table, selected: table.semi_join(selected, "customer_id"), customer_ids)

    def _map_tables(self, transform: Callable[[ir.Table, ir.Table], ir.Table], customer_ids: Sequence[str]) -> History:
        selected = ibis.memtable({"customer_id": list(customer_ids)}, schema={"customer_id": "string"})
        events, touches, feedback = (
            None if table is None else transform(table, selected)
            for table in (self.events, self.touches, self.feedback)
        )
        return History(transform(self.lines, selected), events, touches, feedback)

    def count_customers(self) -> int:
        """The number of customers with an order line."""
        return int(self.lines.customer_id.nunique().to_pyarrow().as_py())

    def day_range(self) -> tuple[date, date]:
        """The first and the last local day with an order line.

        Raises:
            NotEnoughData: the history has no order line.
        """
        day = self.lines.day_number
        days = self.lines.aggregate(first=day.min(), last=day.max()).to_pyarrow().to_pylist()[0]
        if days["first"] is None:
            raise NotEnoughData(
                "No order line before the cutoff. Expected at least one: check --as-of, the log's dates, and that "
                "customer_id names customers."
            )
        return day_from_number(days["first"]), day_from_number(days["last"])


def complete_lines(lines: ir.Table) -> ir.Table:
    """Order lines with what an optional column leaves open: an order id (else one order per day), and ``known_at``."""
    by_day = "day " + lines.day_number.cast("string")
    order_id = ibis.coalesce(lines.order_id, by_day) if "order_id" in lines.columns else by_day
    known_at = lines.ordered_at
    if "recorded_at" in lines.columns:
        known_at = ibis.greatest(known_at, lines.recorded_at.fill_null(known_at))
    return lines.mutate(order_id=order_id, known_at=known_at)


def known_at(table: ir.Table, happened_at: str) -> ir.TimestampValue:
    """The time at which a row became known: that of what it tells, or a later ``recorded_at``."""
    if "recorded_at" not in table.columns:
        return table[happened_at]
    return ibis.greatest(table[happened_at], table.recorded_at.fill_null(table[happened_at]))


def cutoff_table(cutoffs: Sequence[Cutoff]) -> ir.Table:
    """The cutoffs as a table with the columns position, cutoff (UTC) and cutoff_day (days since 1970)."""
    rows = [(position, cutoff.timestamp, cutoff.day_number) for position, cutoff in enumerate(cutoffs)]
    return ibis.memtable(rows, schema={"position": "int32", "cutoff": "timestamp('UTC')", "cutoff_day": "int32"})


def first_cutoff_after(timestamp: ir.TimestampColumn, cutoffs: Sequence[Cutoff]) -> ir.IntegerColumn:
    """The position of the first cutoff after a timestamp; the number of cutoffs where none comes after it."""
    passed = [(timestamp >= ibis.literal(cutoff.timestamp, "timestamp('UTC')")).cast("int32") for cutoff in cutoffs]
    total = passed[0]
    for is_past in passed[1:]:
        total = total + is_past
    return total
