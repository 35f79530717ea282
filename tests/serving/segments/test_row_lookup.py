"""Row lookup: the row of one customer among many."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from serving.audiences.query.scores_table import Columns, ScoresFile
from serving.segments.row_lookup import SegmentIndex

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)


def open_columns(**columns: Any) -> Columns:  # noqa: ANN401 - columns of any kind
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scores.parquet"
        pq.write_table(pa.table(columns), path)
        return ScoresFile(path).columns()


def test_a_row_is_told_in_plain_numbers_and_words() -> None:
    columns = open_columns(
        customer_id=["ann", "bob", "cem"],
        tier=["gold", None, "silver"],
        score=pa.array([1, None, 3], pa.int8()),
        loyal=[True, False, True],
        as_of=pa.array([AS_OF] * 3, pa.timestamp("us", "UTC")),
        channels=[["sms", "email"], [], None],
        shares=[[0.5, 0.25], [], None],
    )
    index = SegmentIndex(columns, ["tier", "score", "loyal", "as_of", "channels", "shares", "missing"])
    as_of = int(AS_OF.timestamp()) * 1_000_000
    assert index.row("ann") == {
        "tier": "gold", "score": 1, "loyal": True, "as_of": as_of, "channels": ["sms", "email"], "shares": [0.5, 0.25]
    }  # fmt: skip
    assert index.row("bob") == {
        "tier": None, "score": None, "loyal": False, "as_of": as_of, "channels": [], "shares": []
    }  # fmt: skip
    assert index.row("cem") == {
        "tier": "silver", "score": 3, "loyal": True, "as_of": as_of, "channels": None, "shares": None
    }  # fmt: skip


@given(st.sets(st.text(max_size=8), max_size=30), st.lists(st.text(max_size=8), max_size=10))
def test_everybody_who_is_there_is_found_and_nobody_else(known: set[str], requested: list[str]) -> None:
    ids = sorted(known, key=lambda customer_id: customer_id.encode())
    columns = open_columns(customer_id=pa.array(ids, pa.string()), number=pa.array(range(len(ids)), pa.int64()))
    index = SegmentIndex(columns, ["number"])
    for row, customer_id in enumerate(ids):
        assert index.row(customer_id) == {"number": row}
    for customer_id in set(requested) - known:
        assert index.row(customer_id) is None
