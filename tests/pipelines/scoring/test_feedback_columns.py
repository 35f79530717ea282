"""Feedback columns: counts of texts per customer, 0 for who wrote nothing."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.config.sources import FeedbackSource
from features.transformations.feedback import FEEDBACK
from pipelines.home import Home
from pipelines.scoring.feedback_columns import FEEDBACK_COLUMNS, feedback_columns
from tests.logs import cutoff, write_config

TEXTS = FeedbackSource.model_validate({"path": "t.csv", "customer_id": "who", "happened_at": "at", "text": "said"})


def test_each_customer_has_the_counts_of_the_cutoff_in_the_order_of_the_table(tmp_path: Path) -> None:
    now, earlier = cutoff("2026-04-10"), cutoff("2026-03-10")
    rows = [("ann", now, 3.0), ("bob", now, 1.0), ("ann", earlier, 9.0)]
    table = {
        "customer_id": [row[0] for row in rows],
        "event_timestamp": pa.array([row[1].timestamp for row in rows], pa.timestamp("us", tz="UTC")),
        **{column.name: [row[2] for row in rows] for column in FEEDBACK.columns},
    }
    (tmp_path / "features").mkdir()
    pq.write_table(pa.table(table), tmp_path / "features" / "feedback.parquet")
    config = write_config(tmp_path).model_copy(update={"feedback": TEXTS})
    columns = feedback_columns(config, Home(tmp_path), now, pa.array(["bob", "eve", "ann"]))
    assert {name: column.to_pylist() for name, column in columns.items()} == {
        spec.name: [1, 0, 3] for spec in FEEDBACK_COLUMNS
    }


def test_a_shop_without_texts_has_no_such_columns(tmp_path: Path) -> None:
    assert feedback_columns(write_config(tmp_path), Home(tmp_path), cutoff("2026-04-10"), pa.array(["ann"])) == {}
