"""Decisions of an experiment: the rows of the history that count, one for each unit."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from training.experiments.record.decision_rows import drawn_rows, first_rows
from training.experiments.record.started_experiment import StartedExperiment

DECISIONS_FILE = "decisions.parquet"
_COLUMNS = (
    "decision_id", "experiment_id", "customer_id", "epoch", "decided_at_us", "arm", "probabilities", "reason",
    "segment", "predicted_orders", "predicted_spend",
)  # fmt: skip


def read_decisions(history: Path, started: StartedExperiment, before_us: int) -> pa.Table:
    """The decisions of an experiment before an instant, ordered by time: the first of each customer, or of each epoch.

    Args:
        history: the folder of the history.
        started: the experiment; if it is sticky, a customer counts once.
        before_us: microseconds since 1970 UTC.
    """
    path = history / DECISIONS_FILE
    if not path.is_file():
        return _empty_table()
    chosen = [
        ("experiment_id", "==", started.id),
        ("decided_at_us", "<", before_us),
    ]
    rows = pq.read_table(path, columns=list(_COLUMNS), filters=chosen)
    return first_rows(
        drawn_rows(rows, started.record), ["customer_id"] if started.record.sticky else ["customer_id", "epoch"]
    )


def _empty_table() -> pa.Table:
    types = {
        "epoch": pa.int64(), "decided_at_us": pa.int64(), "probabilities": pa.list_(pa.float64()),
        "predicted_orders": pa.float64(), "predicted_spend": pa.float64(),
    }  # fmt: skip
    return pa.schema([(name, types.get(name, pa.string())) for name in _COLUMNS]).empty_table()
