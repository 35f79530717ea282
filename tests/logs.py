"""Small logs for tests: builders of a raw log with its flywheel.toml, and of a history without ingestion."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import Phase, settings

from features.calendar import day_number, micros
from features.config.shop import ShopConfig, read_shop_config
from features.history import Cutoff, History, complete_lines
from features.ingestion.ingest import ingest
from features.ingestion.manifest import HistoryManifest

Key = str | bool | float | list[str] | None
Keys = Mapping[str, Key]

ORDERS = {"path": "orders.csv", "customer_id": "customer", "ordered_at": "at", "amount": "amount"}
EVENTS = {"path": "events.csv", "customer_id": "customer", "happened_at": "at", "kind": "kind"}
INSTANT = pa.timestamp("us", tz="UTC")
TYPES = {
    **dict.fromkeys(("ordered_at", "recorded_at", "happened_at", "sent_at"), INSTANT),
    **dict.fromkeys(("amount", "quantity", "discount", "coupon", "probability"), pa.decimal128(18, 4)),
    "treated": pa.bool_(),
}
# An example of a test over whole logs takes several queries, so that shrinking one would take minutes.
FEW_EXAMPLES = settings(max_examples=10, phases=[Phase.explicit, Phase.reuse, Phase.generate])
LINES = ("customer_id", "ordered_at", "amount")
TOUCHES = ("customer_id", "sent_at", "channel", "treated", "probability", "recorded_at")


def write_config(folder: Path, *, zone: str = "UTC", events: Keys | None = None, **orders: Key) -> ShopConfig:
    """Write a flywheel.toml with these keys added to the default ones; None removes a key."""
    sections: dict[str, Keys] = {"orders": {**ORDERS, **orders}}
    if events is not None:
        sections["events"] = {**EVENTS, **events}
    lines = ['name = "corner-shop"', 'currency = "GBP"', f'timezone = "{zone}"']
    for name, keys in sections.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in keys.items() if value is not None)]
    (folder / "flywheel.toml").write_text("\n".join(lines), encoding="utf-8")
    return read_shop_config(folder / "flywheel.toml")


def ingest_log(
    folder: Path, log: str | bytes | pa.Table, *, zone: str = "UTC", events: Keys | None = None, **orders: Key
) -> HistoryManifest:
    """Write a log to the path of the orders and ingest it."""
    path = folder / str(orders.get("path", ORDERS["path"]))
    if isinstance(log, pa.Table):
        pq.write_table(log, path)
    else:
        path.write_bytes(log if isinstance(log, bytes) else log.encode())
    return ingest(write_config(folder, zone=zone, events=events, **orders), folder / "history")


def ingest_keys(folder: Path, log: str, keys: Keys) -> HistoryManifest:
    """Write a log and ingest it with these keys of the orders."""
    return ingest_log(folder, log, **keys)  # type: ignore[arg-type]  # no key is called zone or events


def canonical_rows(folder: Path, *columns: str, table: str = "orders") -> list[tuple[object, ...]]:
    """The values of some columns of a canonical table, sorted."""
    rows = pq.read_table(folder / "history" / f"{table}.parquet", columns=list(columns)).to_pylist()
    return sorted(tuple(row[column] for column in columns) for row in rows)


def utc_instant(wall_clock: str, zone: str = "UTC") -> datetime:
    """The instant in UTC of a wall-clock time in the zone."""
    return datetime.fromisoformat(wall_clock).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def cutoff(day: str, zone: str = "UTC") -> Cutoff:
    """The cutoff at the beginning of a local day."""
    return Cutoff.from_day(date.fromisoformat(day), ZoneInfo(zone))


def history_of(
    *lines: Sequence[object],
    columns: Sequence[str] = LINES,
    events: Sequence[tuple[str, str, str]] = (),
    touches: Sequence[tuple[object, ...]] = (),
    zone: str = "UTC",
) -> History:
    """A history of order lines, events (customer, wall clock, kind) and touches.

    A touch is customer, wall clock, channel and, where the first has them, treated, probability and recorded_at.
    """
    connection = ibis.duckdb.connect()
    connection.raw_sql("SET TimeZone='UTC'")
    orders = ibis.memtable(_canonical_table(columns, lines, "ordered_at", zone))
    happened = ibis.memtable(_canonical_table(("customer_id", "happened_at", "kind"), events, "happened_at", zone))
    sent = ibis.memtable(_canonical_table(TOUCHES[: len(touches[0]) if touches else 3], touches, "sent_at", zone))
    return History(
        complete_lines(connection.create_table("lines", orders)),
        connection.create_table("events", happened) if events else None,
        connection.create_table("touches", sent) if touches else None,
    )


def _canonical_table(columns: Sequence[str], rows: Sequence[Sequence[object]], time_column: str, zone: str) -> pa.Table:
    values: dict[str, list[object]] = {name: [row[position] for row in rows] for position, name in enumerate(columns)}
    for name, column in values.items():
        if name.endswith("_at"):
            values[name] = [value if value is None else utc_instant(str(value), zone) for value in column]
        elif pa.types.is_decimal(TYPES.get(name, pa.string())):
            values[name] = [value if value is None else Decimal(str(value)) for value in column]
    instants = [instant for instant in values[time_column] if isinstance(instant, datetime)]
    table = pa.table({name: pa.array(column, TYPES.get(name, pa.string())) for name, column in values.items()})
    days = [day_number(instant.astimezone(ZoneInfo(zone)).date()) for instant in instants]
    return table.append_column("at_us", pa.array([micros(instant) for instant in instants], pa.int64())).append_column(
        "day_number", pa.array(days, pa.int32())
    )
