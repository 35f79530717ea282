"""Treatments of a home: the decisions of its experiments and the touches of its log, as monitoring reads them.

A customer was treated who was drawn into an arm other than control, or was sent a touch. A touch that follows a
logged decision is that decision, and counts once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from features.arrays import Floats
from pipelines.home import Home
from training.experiments.record.experiment import Experiment
from training.experiments.record.experiment_folder import ExperimentFolder
from training.monitoring.treatments import COLUMNS, Treatments

_DECISION_COLUMNS = ("decision_id", "experiment_id", "epoch", "customer_id", "decided_at_us", "arm", "probabilities")
_TOUCH_COLUMNS = ("customer_id", "at_us", "campaign_id", "channel", "treated", "probability", "decision_id")


def read_treatments(home: Home) -> Treatments:
    """The treatments in the history of a home; none where nothing was decided or sent."""
    decisions = _read(home, "decisions", _DECISION_COLUMNS)
    touches = _read(home, "touches", _TOUCH_COLUMNS)
    tables = []
    if decisions is not None and len(decisions):
        folder = ExperimentFolder(home.folder)
        records = {name: folder.read(name).record for name in folder.ids()}
        tables.append(decision_treatments(decisions, records))
    if touches is not None and len(touches):
        logged: Sequence[str] = () if decisions is None else decisions["decision_id"].tolist()
        tables.append(touch_treatments(touches[~touches["decision_id"].isin(logged)]))
    tables = [table for table in tables if len(table)]
    return Treatments(pd.concat(tables, ignore_index=True)) if tables else Treatments.none()


def decision_treatments(decisions: pd.DataFrame, records: Mapping[str, Experiment]) -> pd.DataFrame:
    """One row per decision; an experiment without a control arm, or without a record, holds nobody out."""
    controls = {name: record.control for name, record in records.items()}
    names = {name: record.arm_names[record.control] for name, record in records.items() if record.control is not None}
    positions = decisions["experiment_id"].map(controls)
    probability = [
        0.0 if np.isnan(position) else float(probabilities[int(position)])
        for position, probabilities in zip(positions.astype(float), decisions["probabilities"], strict=True)
    ]
    sticky = decisions["experiment_id"].map({name: record.sticky for name, record in records.items()})
    epoch = decisions["epoch"].astype(str).where(sticky == False, "")  # noqa: E712 -- unknown experiments are sticky
    return pd.DataFrame(
        {
            "source": "experiment/" + decisions["experiment_id"] + "/" + epoch,
            "customer_id": decisions["customer_id"],
            "at_us": decisions["decided_at_us"],
            "treated": decisions["arm"] != decisions["experiment_id"].map(names),
            "untreated_probability": probability,
        }
    )[list(COLUMNS)]


def touch_treatments(touches: pd.DataFrame) -> pd.DataFrame:
    """One row per touch; a campaign without the probability of being treated is measured by the share it withheld."""
    source = "campaign/" + touches["campaign_id"].fillna(touches["channel"]).fillna("").astype(str)
    treated = touches["treated"].map(lambda value: True if pd.isna(value) else bool(value)).astype(bool)
    withheld = (~treated).groupby(source).transform("mean").to_numpy(dtype=float)
    given = 1 - pd.to_numeric(touches["probability"], errors="coerce").to_numpy(dtype=float)
    # A campaign that withheld nobody has no hold-out, whatever probability it states.
    probability: Floats = np.where(withheld > 0, np.where(np.isnan(given), withheld, given), 0.0)
    return pd.DataFrame(
        {
            "source": source,
            "customer_id": touches["customer_id"],
            "at_us": touches["at_us"],
            "treated": treated,
            "untreated_probability": probability,
        }
    )[list(COLUMNS)]


def _read(home: Home, name: str, columns: Sequence[str]) -> pd.DataFrame | None:
    """A table of the history with these columns, null where it has none of the name; None without the table."""
    path = home.history / f"{name}.parquet"
    if not path.is_file():
        return None
    present = [column for column in columns if column in pq.read_schema(path).names]
    table: pd.DataFrame = pq.read_table(path, columns=present).to_pandas()
    return table.assign(**{column: None for column in columns if column not in present})
