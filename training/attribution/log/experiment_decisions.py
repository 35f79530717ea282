"""Decisions of experiments: the first of each customer in a period, where a control arm was withheld on a channel."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.calendar import micros, start_of_day
from features.canonical_form import canonical_word
from features.errors import NotFound
from features.views import CUSTOMER_ID
from training.attribution.log.history_tables import AT_COLUMN, DAY_COLUMN
from training.attribution.period import Period
from training.attribution.rows import DecisionRows
from training.experiments.record.decision_rows import DECIDED_AT, arm_probabilities, drawn_rows, first_rows
from training.experiments.record.experiment import Experiment
from training.experiments.record.experiment_folder import ExperimentFolder

DECISION_ID = "decision_id"
_COLUMNS = (DECISION_ID, "experiment_id", CUSTOMER_ID, DECIDED_AT, "arm", "probabilities", "reason")
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
    rows = pq.read_table(path, columns=list(_COLUMNS))
    parts = []
    for experiment_id in sorted(pc.unique(rows["experiment_id"]).to_pylist()):
        experiment = _experiment(folder, experiment_id)
        if experiment is not None and experiment.control is not None and experiment.eligible.channel is not None:
            parts.append(_first_decisions(rows, experiment, period, zone))
    return pa.concat_tables(parts) if parts else _SCHEMA.empty_table()


def decision_ids(home: Path) -> pa.Array:
    """The ids of all decisions, of whichever experiment and period."""
    path = home / "history" / "decisions.parquet"
    if not path.is_file():
        return pa.array([], pa.string())
    return pq.read_table(path, columns=[DECISION_ID])[DECISION_ID].combine_chunks()


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
    rows, control = first_rows(drawn_rows(rows, experiment)), experiment.control or 0
    first, end = (micros(start_of_day(day, zone)) for day in (period.first, period.end))
    rows = rows.filter(pc.and_(pc.greater_equal(rows[DECIDED_AT], first), pc.less(rows[DECIDED_AT], end)))
    size, probabilities = rows.num_rows, arm_probabilities(rows["probabilities"], len(experiment.arms))
    return pa.table([
        rows[DECISION_ID], rows["experiment_id"], rows[CUSTOMER_ID], rows[DECIDED_AT],
        pa.repeat(period.first_day, size), pa.repeat(canonical_word(experiment.eligible.channel or ""), size),
        pc.not_equal(rows["arm"], experiment.arm_names[control]), pa.array(1.0 - probabilities[:, control]),
        pa.repeat(experiment.outcome.within_days, size),
    ], schema=_SCHEMA)  # fmt: skip
