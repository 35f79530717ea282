"""One customer's row among many, whoever is asked for."""

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
        crowd=[True, False, True],
        as_of=pa.array([AS_OF] * 3, pa.timestamp("us", "UTC")),
        channels=[["sms", "email"], [], None],
        shares=[[0.5, 0.25], [], None],
    )
    book = SegmentIndex(columns, ["tier", "score", "crowd", "as_of", "channels", "shares", "missing"])
    at = int(AS_OF.timestamp()) * 1_000_000
    assert book.row("ann") == {
        "tier": "gold", "score": 1, "crowd": True, "as_of": at, "channels": ["sms", "email"], "shares": [0.5, 0.25]
    }  # fmt: skip
    assert book.row("bob") == {
        "tier": None, "score": None, "crowd": False, "as_of": at, "channels": [], "shares": []
    }  # fmt: skip
    assert book.row("cem") == {
        "tier": "silver", "score": 3, "crowd": True, "as_of": at, "channels": None, "shares": None
    }  # fmt: skip


@given(st.sets(st.text(max_size=8), max_size=30), st.lists(st.text(max_size=8), max_size=10))
def test_everybody_who_is_there_is_found_and_nobody_else(known: set[str], asked: list[str]) -> None:
    ids = sorted(known, key=lambda one: one.encode())
    columns = open_columns(customer_id=pa.array(ids, pa.string()), number=pa.array(range(len(ids)), pa.int64()))
    book = SegmentIndex(columns, ["number"])
    for place, one in enumerate(ids):
        assert book.row(one) == {"number": place}
    for one in set(asked) - known:
        assert book.row(one) is None
