"""Retention: for how long a home keeps what every run adds to it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from features.config.base import ConfigModel

Days = Annotated[int, Field(ge=1, le=36_500)]


class Retention(ConfigModel):
    """Retention: days after which `flywheel run` and `flywheel home prune` remove scores, releases and evaluations."""

    scores_days: Days = 90
    """The scores table is removed this many days after it was written, unless a newer one has replaced it."""
    runs_days: Days = 365
    """A release, with its runs in MLflow, is removed this many days after its training, unless it serves, served before
    the one that serves, waits for promotion or made the scores table. Runs of `flywheel evaluate` are removed too.
    """
    predictions_days: Days = 400
    """What `flywheel score` predicted is removed after so many days; keep it longer than the longest of `ltv_days`,
    since a scorecard needs it until its window is over. After five weeks one day of each week remains.
    """
