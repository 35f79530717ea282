"""Decisions of experiments: the first of each customer in a period, where a control arm was withheld on a channel."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.arrays import Floats
from features.calendar import micros, start_of_day
from features.canonical_form import canonical_word
from features.errors import NotFound
from features.views import CUSTOMER_ID
from training.attribution.log.history_tables import AT_COLUMN, DAY_COLUMN
from training.attribution.period import Period
from training.attribution.rows import DecisionRows
from training.experiments.record.experiment import Experiment
from training.experiments.record.experiment_folder import ExperimentFolder

DECISION_ID = "decision_id"
_COLUMNS = (DECISION_ID, "experiment_id", CUSTOMER_ID, "arm", "probabilities")
_DECIDED_AT = "decided_at_us"
_SCHEMA = pa.schema([
    (DECISION_ID, pa.string()), ("experiment_id", pa.string()), (CUSTOMER_ID, pa.string()), (AT_COLUMN, pa.int64()),
    (DAY_COLUMN, pa.int64()), ("channel", pa.string()), ("treated", pa.bool_()), ("probability", pa.float64()),
    ("window_days", pa.int64()),
])  # fmt: skip


def read_decisions(home: Path, period: Period, zone: ZoneInfo) -> pa.Table:
    """The first decision of each customer and experiment, if it lies in the period; empty without any.

    Columns: decision_id, experiment_id, customer_id, at_us, day_number (the first day of the period, which is all that
    attribution needs), channel, treated, probability (of any other arm than control), window_days.
    """
    path, folder = home / "history" / "decisions.parquet", ExperimentFolder(home)
    if not path.is_file():
        return _SCHEMA.empty_table()
    rows = pq.read_table(path, columns=[*_COLUMNS, _DECIDED_AT]).rename_columns([*_COLUMNS, AT_COLUMN])
    parts = []
    for experiment_id in sorted(pc.unique(rows["experiment_id"]).to_pylist()):
        experiment = _experiment(folder, experiment_id)
        if experiment is not None and experiment.control is not None and experiment.eligible.channel is not None:
            part = rows.filter(pc.equal(rows["experiment_id"], experiment_id))
            parts.append(_first_decisions(part, experiment, period, zone))
    return pa.concat_tables(parts) if parts else _SCHEMA.empty_table()


def empty_decisions() -> DecisionRows:
    """No decision."""
    none = np.zeros(0, np.int64)
    return DecisionRows(
        customer=none, at=none, day=none, channel=none, campaign=none, treated=none.astype(np.bool_),
        probability=none.astype(np.float64), window_days=none,
    )  # fmt: skip


def _experiment(folder: ExperimentFolder, experiment_id: str) -> Experiment | None:
    """The record of an experiment; None where it is gone, so that its decisions tell nothing."""
    try:
        return folder.read(experiment_id).record
    except NotFound:
        return None


def _first_decisions(rows: pa.Table, experiment: Experiment, period: Period, zone: ZoneInfo) -> pa.Table:
    order = np.lexsort((rows[AT_COLUMN].to_numpy(), pc.dictionary_encode(rows[CUSTOMER_ID]).combine_chunks().indices))
    rows = rows.take(order)
    ids = rows[CUSTOMER_ID].combine_chunks()
    is_first = np.append(True, pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False))
    at = rows[AT_COLUMN].to_numpy()
    first, end = (micros(start_of_day(day, zone)) for day in (period.first, period.end))
    rows = rows.filter(pa.array(is_first & (at >= first) & (at < end)))
    control = experiment.arms[experiment.control or 0]
    size = rows.num_rows
    return pa.table([
        rows[DECISION_ID], rows["experiment_id"], rows[CUSTOMER_ID], rows[AT_COLUMN],
        pa.repeat(period.first_day, size), pa.repeat(canonical_word(experiment.eligible.channel or ""), size),
        pc.not_equal(rows["arm"], control.name),
        pa.array(1.0 - _probabilities(rows["probabilities"], experiment.control or 0)),
        pa.repeat(experiment.outcome.within_days, size),
    ], schema=_SCHEMA)  # fmt: skip


def _probabilities(column: pa.ChunkedArray, position: int) -> Floats:
    """The probability of one arm in each decision, (n,), NaN where none were logged."""
    values = [row[position] if row is not None and len(row) > position else None for row in column.to_pylist()]
    return np.array([np.nan if value is None else value for value in values], np.float64)
