"""Online store plug-in: Feast's own reads and pushes reach the same packed rows as the online reader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np
import pyarrow as pa
from feast import Entity, FeatureView, RepoConfig
from feast.infra.online_stores.online_store import OnlineStore
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import DoubleList, Int64List, Value
from feast.repo_config import FeastConfigBaseModel

from features.online import arrow_rows
from features.online.backends import Store, open_store
from features.online.codec import Codec, ViewRows
from features.store.definitions import view_from_feast
from features.views import CUSTOMER_ID, Kind, View

PlainValue = float | int | list[float] | list[int] | None
WriteRow = tuple[EntityKey, dict[str, Value], datetime, datetime | None]
ReadRow = tuple[datetime | None, dict[str, Value] | None]

EPOCH = datetime.fromtimestamp(0, UTC)
EVENT_AT, CREATED_AT = "event_at of the row", "created_at of the row"  # no column has such a name

_TO_FEAST_VALUE: dict[Kind, Callable[..., Value]] = {
    Kind.FLOAT: lambda number: Value(double_val=number),
    Kind.INTEGER: lambda number: Value(int64_val=int(number)),
    Kind.FLOATS: lambda numbers: Value(double_list_val=DoubleList(val=numbers)),
    Kind.INTEGERS: lambda numbers: Value(int64_list_val=Int64List(val=map(int, numbers))),
}


class PackedOnlineStoreConfig(FeastConfigBaseModel):
    """The configuration of the online store: its location."""

    type: Literal["features.store.online_store.PackedOnlineStore"] = "features.store.online_store.PackedOnlineStore"
    location: str  # a folder, or the address of a Redis


class PackedOnlineStore(OnlineStore):
    """A Feast online store with one packed value per customer and view."""

    def online_write_batch(
        self, config: RepoConfig, table: FeatureView, data: list[WriteRow], progress: Callable[[int], object] | None
    ) -> None:
        """Merge rows; a later event time wins, whatever the order of arrival."""
        view = view_from_feast(table)
        rows = arrow_rows.view_rows(view, _arrow_table(view, data), EVENT_AT, CREATED_AT)
        packed = Codec(view).pack(rows)
        oldest_first = np.lexsort((rows.created_at, rows.event_at)).tolist()
        with open_configured_store(config).write_transaction() as writer:
            writer.merge(view.name, {_customer_id(data[row][0]): packed[row] for row in oldest_first})
        if progress:
            progress(len(data))

    def online_read(
        self,
        config: RepoConfig,
        table: FeatureView,
        entity_keys: list[EntityKey],
        requested_features: list[str] | None = None,
    ) -> list[ReadRow]:
        """Event time and values per key, both None for an unknown customer."""
        view = view_from_feast(table)
        values = open_configured_store(config).packed_values(view.name, [_customer_id(key) for key in entity_keys])
        unpacked = Codec(view).unpack(values)
        names = requested_features or [column.name for column in view.columns]
        columns = zip(*(_feast_values(view, unpacked.rows, name) for name in names), strict=True)
        return [
            (EPOCH + timedelta(microseconds=event_at), dict(zip(names, row, strict=True))) if known else (None, None)
            for known, event_at, row in zip(unpacked.known, unpacked.rows.event_at.tolist(), columns, strict=True)
        ]

    def update(
        self,
        config: RepoConfig,
        tables_to_delete: Sequence[FeatureView],
        tables_to_keep: Sequence[FeatureView],
        entities_to_delete: Sequence[Entity],
        entities_to_keep: Sequence[Entity],
        partial: bool,
    ) -> None:
        """Drop the rows of views that are no longer declared."""
        if tables_to_delete:
            self.teardown(config, tables_to_delete, entities_to_delete)

    def teardown(self, config: RepoConfig, tables: Sequence[FeatureView], entities: Sequence[Entity]) -> None:
        """Drop every row of these views."""
        with open_configured_store(config).write_transaction() as writer:
            for table in tables:
                writer.drop(table.name)


def open_configured_store(config: RepoConfig) -> Store:
    """The store at the location in Feast's configuration."""
    return open_store(config.online_store.location)


def _customer_id(key: EntityKey) -> str:
    """The id as text; raises TypeError for a number, since 17 may be "17" or "00017"."""
    value = key.entity_values[0]
    if list(key.join_keys) != [CUSTOMER_ID] or value.WhichOneof("val") != "string_val":
        raise TypeError(f"Found the key {list(key.join_keys)} = {value}; expected one {CUSTOMER_ID}, as text.")
    return str(value.string_val)


def _arrow_table(view: View, data: list[WriteRow]) -> pa.Table:
    """Feast's rows as a table with the view's columns and two timestamps."""
    columns = {
        column.name: [_plain_value(values.get(column.name)) for _, values, _, _ in data] for column in view.columns
    }
    events = [_to_utc(event) for _, _, event, _ in data]
    created = [_to_utc(created) if created else None for _, _, _, created in data]
    types = pa.schema(
        [*arrow_rows.arrow_schema(view), (EVENT_AT, arrow_rows.TIMESTAMP_TYPE), (CREATED_AT, arrow_rows.TIMESTAMP_TYPE)]
    )
    return pa.table({**columns, EVENT_AT: events, CREATED_AT: created}, schema=types)


def _to_utc(instant: datetime) -> datetime:
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _plain_value(value: Value | None) -> PlainValue:
    """Feast's value as a Python value, None where unset."""
    kind = value.WhichOneof("val") if value is not None else None
    if kind is None:
        return None
    plain = getattr(value, kind)
    return list(plain.val) if kind.endswith("_list_val") else plain


def _feast_values(view: View, rows: ViewRows, name: str) -> list[Value]:
    """One column as Feast values, unset where null."""
    position = (*view.scalars, *view.lists).index(name)
    if name in view.lists:
        ragged = rows.lists[position - len(view.scalars)]
        plain = [part.tolist() for part in np.split(ragged.values, ragged.offsets[1:-1])]
    else:
        plain = rows.scalars[:, position].tolist()
    kind = next(column.kind for column in view.columns if column.name == name)
    nulls = rows.nulls[:, position].tolist()
    return [Value() if null else _TO_FEAST_VALUE[kind](value) for value, null in zip(plain, nulls, strict=True)]
