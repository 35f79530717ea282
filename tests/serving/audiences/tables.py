"""Small scores tables for tests."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from serving.audiences.query.scores_table import Columns, ScoresFile

ZONE = ZoneInfo("Europe/Amsterdam")
AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
INSTANT = pa.timestamp("us", tz="UTC")

TYPES = {
    "churn_probability": pa.float64(),
    "orders": pa.int64(),
    "rfm_recency": pa.int8(),
    "value_tier": pa.string(),
    "preset_segment_loyal": pa.bool_(),
    "remind_on": pa.date32(),
    "last_order_at": INSTANT,
    "segments": pa.list_(pa.string()),
}


def write_scores(path: Path, rows: list[dict[str, Any]], types: dict[str, pa.DataType] | None = None) -> Path:
    """A scores table of these customers, in row groups of three."""
    types = {"customer_id": pa.string(), **(TYPES if types is None else types)}
    table = pa.table({name: pa.array([row.get(name) for row in rows], kind) for name, kind in types.items()})
    pq.write_table(table, path, row_group_size=3)
    return path


def columns(path: Path, rows: list[dict[str, Any]], types: dict[str, pa.DataType] | None = None) -> Columns:
    """The columns of a scores table of these customers."""
    return ScoresFile(write_scores(path / "scores.parquet", rows, types)).columns()


def five_customers() -> list[dict[str, Any]]:
    """Five customers with and without values."""
    return [
        {"customer_id": "0007", "churn_probability": 0.9, "orders": 1, "rfm_recency": 1, "value_tier": "silver",
         "preset_segment_loyal": False, "remind_on": date(2026, 6, 3),
         "last_order_at": datetime(2025, 1, 1, tzinfo=UTC), "segments": []},
        {"customer_id": "ann", "churn_probability": 0.1, "orders": 12, "rfm_recency": 5, "value_tier": "gold",
         "preset_segment_loyal": True, "remind_on": date(2026, 6, 9),
         "last_order_at": datetime(2026, 5, 30, tzinfo=UTC), "segments": ["big baskets", "weekend"]},
        {"customer_id": "bob", "churn_probability": 0.5, "orders": 3, "rfm_recency": 3, "value_tier": "gold",
         "preset_segment_loyal": False, "remind_on": None,
         "last_order_at": datetime(2025, 12, 31, 23, tzinfo=UTC), "segments": ["big baskets"]},
        {"customer_id": "cyd"},
        {"customer_id": "阿强", "churn_probability": 0.5, "orders": 3, "rfm_recency": 3, "value_tier": None,
         "preset_segment_loyal": None, "remind_on": date(2026, 6, 1),
         "last_order_at": datetime(2026, 1, 1, tzinfo=UTC), "segments": ["weekend", "weekend"]},
    ]  # fmt: skip
