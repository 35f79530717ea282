"""Decision rows: the decisions of an experiment in the history, the first of each customer (pyarrow alone).

Given the first decision, later ones of the same customer are no draws of their own, unless every epoch draws again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.arrays import Floats
from features.views import CUSTOMER_ID
from training.experiments.record.experiment import Experiment

DRAWN = "drawn"
DECIDED_AT = "decided_at_us"


def drawn_rows(decisions: pa.Table, experiment: Experiment) -> pa.Table:
    """The decisions that drew an arm of an experiment, in the order of time, then of customers.

    Args:
        decisions: with experiment_id, customer_id, decided_at_us, arm and reason, of any experiments.
        experiment: its record.
    """
    arms = pa.array(experiment.arm_names, pa.string())
    is_drawn = pc.and_(pc.equal(decisions["experiment_id"], experiment.id), pc.equal(decisions["reason"], DRAWN))
    rows = decisions.filter(pc.and_(is_drawn, pc.is_in(decisions["arm"], value_set=arms)))
    return rows.sort_by([(DECIDED_AT, "ascending"), (CUSTOMER_ID, "ascending")])


def first_rows(rows: pa.Table, keys: Sequence[str] = (CUSTOMER_ID,)) -> pa.Table:
    """The first row of each combination of keys, in the order of the rows."""
    numbered = rows.select(list(keys)).append_column("row", pa.array(np.arange(rows.num_rows), pa.int64()))
    first = numbered.group_by(list(keys)).aggregate([("row", "min")])["row_min"].combine_chunks()
    return rows.take(first.take(pc.sort_indices(first)))


def arm_probabilities(column: pa.ChunkedArray, arms: int) -> Floats:
    """The probabilities of all arms at each decision, (n, arms); NaN where not one for each arm was logged."""
    unknown = [float("nan")] * arms
    rows = [row if row is not None and len(row) == arms else unknown for row in column.to_pylist()]
    return np.asarray(rows, np.float64).reshape(len(rows), arms)
