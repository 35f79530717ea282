"""Catalogue: two small views with the tables and helpers that the tests of the feature store share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.online import arrow_rows
from features.online.lmdb import LmdbWriter
from features.storage.redis_client import CommandArgument, RedisClient, Reply
from features.store.client import CustomerFeatures
from features.store.definitions import FEATURE_SERVICE
from features.views import Column, Kind, View

TRANSACTIONS = View(
    "transactions",
    (
        Column("orders", Kind.FLOAT, "orders so far"),
        Column("last_order_at", Kind.INTEGER, "last order, microseconds since 1970 UTC"),
        Column("recent_days", Kind.INTEGERS, "days with an order, since 1970"),
        Column("recent_spend", Kind.FLOATS, "net amount on those days"),
    ),
)
BEHAVIOUR = View("behaviour", (Column("visits", Kind.FLOAT, "visits so far"),))
VIEWS = (TRANSACTIONS, BEHAVIOUR)
TTL_DAYS = 30
MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

Row = tuple[str, datetime, float, int | None, list[int], list[float]]
ANN: Row = ("00017", MONDAY, 3.0, 1_780_000_000_000_001, [20_600, 20_604], [0.1, 1 / 3])
BOB: Row = ("18446744073709551617", MONDAY, 0.0, None, [], [])


def later_row(row: Row, days: int, orders: float) -> Row:
    """The same customer at a later cutoff, with this number of orders."""
    return (row[0], row[1] + timedelta(days=days), orders, *row[3:])


def write_view(home: Path, view: View, rows: list[tuple[object, ...]]) -> None:
    """Write a view's table as the pipeline does: customer_id, event_timestamp, then the columns."""
    (home / "features").mkdir(parents=True, exist_ok=True)
    keys = [("customer_id", pa.string()), ("event_timestamp", arrow_rows.TIMESTAMP_TYPE)]
    schema = pa.schema([*keys, *arrow_rows.arrow_schema(view)])
    columns = zip(schema.names, zip(*rows, strict=True), strict=True)
    pq.write_table(pa.table(dict(columns), schema=schema), home / "features" / f"{view.name}.parquet")


def customer_rows(*requests: tuple[str, datetime]) -> pa.Table:
    ids, instants = zip(*requests, strict=True)
    return pa.table({"event_timestamp": pa.array(instants, arrow_rows.TIMESTAMP_TYPE), "customer_id": pa.array(ids)})


def through_feast(features: CustomerFeatures, *customer_ids: str) -> dict[str, list[object]]:
    """The same customers, read through Feast's own API."""
    service = features.feast.get_feature_service(FEATURE_SERVICE)
    rows = [{"customer_id": customer_id} for customer_id in customer_ids]
    answers: dict[str, list[object]] = features.feast.get_online_features(service, rows).to_dict()
    return answers


def orders(features: CustomerFeatures, *customer_ids: str) -> list[float]:
    return list(features.now(customer_ids).column("orders"))


def after_each_view(patch: Callable[[object, str, object], None], callback: Callable[[], None]) -> None:
    """Call ``callback`` after the rows of each view, in one batch, have gone to the online store."""
    replace, transaction = LmdbWriter.replace, RedisClient.transaction

    def replace_and_call(writer: LmdbWriter, view: str, packed: Mapping[str, bytes]) -> None:
        replace(writer, view, packed)
        callback()

    def stage_and_call(client: RedisClient, *commands: Sequence[CommandArgument]) -> list[Reply]:
        replies = transaction(client, *commands)
        if commands[0][0] == "HSET":
            callback()
        return replies

    patch(LmdbWriter, "replace", replace_and_call)
    patch(RedisClient, "transaction", stage_and_call)
