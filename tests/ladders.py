"""Ladders small enough to be read."""

from __future__ import annotations

from training.predict.calibration import IDENTITY
from training.predict.cohorts import CohortsRung
from training.predict.ladder import Ladder, Shape


def everybody_on(rung: CohortsRung, shape: Shape) -> Ladder:
    """Everybody on the lowest rung, those who have not ordered yet too."""
    return Ladder(
        tiers=dict.fromkeys(("churn", "next_purchase", "ltv"), "population"),
        rungs={"population": rung},
        prospects=rung,
        extension=None,
        season=None,
        calibration=IDENTITY,
        shape=shape,
        prospect_ratios=shape.ratios,
    )
