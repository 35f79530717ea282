"""Predicted value of cohorts: the mean predicted spend per customer from the scores table, with the range of totals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.arrays import Booleans, Integers
from features.errors import FlywheelError
from pipelines.home import Home
from serving.audiences.estimates.expected_totals import Cards, choose_horizon, expected_totals
from serving.audiences.query.scores_table import Columns, ScoresFile
from training.growth.mean_interval import Figure
from training.growth.refusal import GrowthRefusal
from training.inference.release_manifest import ReleaseManifest

RANGE_CONFIDENCE = 0.8  # of the ranges of totals


@dataclass(frozen=True)
class PredictedValues:
    """The scores table as the predicted values of the customers of a log."""

    columns: Columns
    cards: Cards
    rows: Integers  # (n,) the row of each customer of the log, -1 for one who was not scored
    horizon_days: int
    factor: float  # the gross margin, or 1

    def per_head(self, members: Booleans) -> Figure | GrowthRefusal:
        """The mean predicted value of the members, of shape (n,), who were scored."""
        rows = self.rows[members]
        scored = np.sort(rows[rows >= 0])
        total = expected_totals(self.columns, scored, self.horizon_days, self.cards).revenue if len(scored) else None
        if total is None or total.interval is None:
            return NO_PREDICTIONS
        figure = Figure(value=total.mean, low=total.interval.p10, high=total.interval.p90, confidence=RANGE_CONFIDENCE)
        return figure.scale(self.factor / len(scored))


NO_PREDICTIONS = GrowthRefusal(
    "no_predictions",
    "Found no predicted spend of these customers with a range; expected scores of a release with back-tested totals. "
    "Run `flywheel run`.",
)


def read_predicted_values(home: Home, customer_ids: pa.Array, factor: float) -> PredictedValues | None:
    """The predicted values from the scores table of a home; None without one, or without predicted spend."""
    try:
        columns = ScoresFile(home.scores).columns()
        release = home.champion()
        cards = ReleaseManifest.read(home.releases / release).cards if release else []
        horizon_days = choose_horizon(None, columns, cards)
    except (FlywheelError, OSError):
        return None
    if horizon_days is None:
        return None
    rows = pc.fill_null(pc.index_in(customer_ids, value_set=columns.ids), -1).to_numpy().astype(np.int64)
    return PredictedValues(columns, cards, rows, horizon_days, factor)
