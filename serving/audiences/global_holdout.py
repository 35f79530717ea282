"""Global hold-out of an audience: the customers of a selection whom nothing may approach in this period."""

from __future__ import annotations

import numpy as np

from features.arrays import Booleans
from serving.audiences.query.scores_table import Columns
from serving.audiences.schema import GlobalHoldoutSummary
from serving.audiences.table_holdout import held_out
from training.experiments.record.global_holdout import GlobalHoldout


def without_holdout(selected: Booleans, columns: Columns, holdout: GlobalHoldout | None, secret: bytes) -> Booleans:
    """Return the selected customers less those in the global hold-out, (customers,)."""
    if holdout is None:
        return selected
    rows = np.flatnonzero(selected)
    remaining = selected.copy()
    remaining[rows[held_out(columns, rows, holdout.share, holdout.name, secret)]] = False
    return remaining


def summarize_holdout(holdout: GlobalHoldout | None, excluded: int, smallest: int) -> GlobalHoldoutSummary | None:
    """Return what a response tells of the global hold-out; a number below ``smallest`` is not told."""
    if holdout is None:
        return None
    return GlobalHoldoutSummary(
        name=holdout.name,
        share=holdout.share,
        until=holdout.until,
        excluded=excluded if excluded >= smallest else None,
    )
