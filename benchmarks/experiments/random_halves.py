"""Random halves: customers who all got nothing are split at random, and an effect is found as often as the level says.

Hillstrom's e-mail campaign (2008): the customers without an e-mail, their visits and their spend in two weeks.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from features.arrays import Floats
from training.experiments.estimators.adjusted_means import adjusted_means

FILE = "hillstrom_email.parquet"
COVARIATES = ("recency", "history", "mens", "womens", "newbie")
CONTROL = "No E-Mail"


@dataclass(frozen=True)
class HalvesRow:
    """One outcome and one estimator over all splits."""

    outcome: str
    estimator: str
    found: float  # share of the splits with an interval that excludes 0
    half_width: float  # of the 95 % interval, mean


def measure_random_halves(folder: Path, runs: int, seed: int = 0) -> list[HalvesRow]:
    """Split the control group of the campaign at random, ``runs`` times; nothing where the file is not there."""
    if not (folder / FILE).is_file():
        return []
    rows = pq.read_table(folder / FILE)
    mask = np.asarray(rows["segment"].to_pylist()) == CONTROL
    covariates = np.column_stack([rows[name].to_numpy().astype(np.float64)[mask] for name in COVARIATES])
    return [
        row
        for outcome in ("visit", "spend")
        for row in _measure_outcome(outcome, rows[outcome].to_numpy().astype(np.float64)[mask], covariates, runs, seed)
    ]


def _measure_outcome(outcome: str, values: Floats, covariates: Floats, runs: int, seed: int) -> list[HalvesRow]:
    rng, intervals = np.random.default_rng(seed), np.empty((runs, 2, 2))
    for run in range(runs):
        arm = rng.integers(0, 2, len(values)).astype(np.int8)
        for place, inputs in enumerate((None, covariates)):
            intervals[run, place] = adjusted_means(values, arm, 2, inputs).difference(1, 0).interval(1.96)
    found = ((intervals[..., 0] > 0) | (intervals[..., 1] < 0)).mean(axis=0)
    widths = (intervals[..., 1] - intervals[..., 0]).mean(axis=0) / 2
    return [
        HalvesRow(outcome, name, float(found[place]), float(widths[place]))
        for place, name in enumerate(("difference in means", "regression-adjusted"))
    ]
