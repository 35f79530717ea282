"""Feature tables: each parquet file has the columns, types and rows that its view declares."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.config.sources import EventsSource
from features.online.arrow_rows import TIMESTAMP_TYPE, arrow_schema
from features.transformations.feature_tables import feature_views, write_tables
from tests.logs import cutoff, history_of

COLUMNS = ("customer_id", "ordered_at", "amount", "product_id", "quantity", "discount")
EVENT_CONFIG = EventsSource(
    path="e", customer_id=("c",), happened_at=("t",), kind=("k",), behaviour=("visit",), social=("post",)
)
CUTOFFS = [cutoff("2026-02-01"), cutoff("2026-03-01"), cutoff("2027-03-01")]
HISTORY = (
    ("bob", "2026-01-20", 10, "p1", 1, None),
    ("ann", "2026-02-20", "0.10", "p1", None, None),
    ("ann", "2026-02-21", "-0.10", None, None, None),
)


def test_each_table_has_exactly_the_columns_and_types_of_its_view(tmp_path: Path) -> None:
    history = history_of(
        *HISTORY, columns=COLUMNS, events=[("eve", "2026-01-01", "visit"), ("ann", "2026-02-01", "post")]
    )
    write_tables(history, EVENT_CONFIG, CUTOFFS, tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "behaviour.parquet", "social.parquet", "transactions.parquet",
    ]  # fmt: skip
    for view in feature_views(history, EVENT_CONFIG):
        schema = pq.read_schema(tmp_path / f"{view.name}.parquet")
        keys = pa.schema([("customer_id", pa.string()), ("event_timestamp", TIMESTAMP_TYPE)])
        assert schema.names == [*keys.names, *arrow_schema(view).names]
        assert [schema.field(name).type for name in schema.names] == [*keys.types, *arrow_schema(view).types]


def test_every_known_customer_has_one_row_per_cutoff_in_order(tmp_path: Path) -> None:
    write_tables(
        history_of(*HISTORY, columns=COLUMNS, events=[("eve", "2026-02-01", "visit")]), EVENT_CONFIG, CUTOFFS, tmp_path
    )
    rows = pq.read_table(tmp_path / "transactions.parquet").to_pylist()
    assert [(row["event_timestamp"], row["customer_id"]) for row in rows] == [
        (CUTOFFS[0].timestamp, "bob"),
        *((row_cutoff.timestamp, customer_id) for row_cutoff in CUTOFFS[1:] for customer_id in ("ann", "bob", "eve")),
    ]


def test_a_shop_without_events_has_transactions_alone(tmp_path: Path) -> None:
    history = history_of(*HISTORY, columns=COLUMNS)
    write_tables(history, None, CUTOFFS, tmp_path)
    assert [view.name for view in feature_views(history, None)] == ["transactions"]
    assert [file.name for file in tmp_path.iterdir()] == ["transactions.parquet"]


def test_a_dimension_without_kinds_has_no_table(tmp_path: Path) -> None:
    config = EVENT_CONFIG.model_copy(update={"behaviour": ()})
    history = history_of(*HISTORY, columns=COLUMNS, events=[("ann", "2026-02-01", "post")])
    write_tables(history, config, CUTOFFS, tmp_path)
    assert [view.name for view in feature_views(history, config)] == ["transactions", "social"]
    assert not (tmp_path / "behaviour.parquet").exists()
