"""Treated label windows: training leaves out the windows in which a customer was treated, where hold-outs exist.

A campaign that works changes the outcome, so that a model that learns from it no longer predicts what happens without
one. The customers that are held out at random keep the model informed about everybody it would target; without any
hold-out it could only extrapolate, so that nothing is left out then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from features.arrays import Booleans
from features.calendar import micros, start_of_day
from features.history import Cutoff
from training.monitoring.treatments import Treatments


@dataclass(frozen=True)
class TreatedWindows:
    """Count of the label windows in which a customer was treated, and of those that training left out."""

    windows: int  # customers at finished or open windows
    treated: int
    left_out: int
    days: int = 0  # length of the windows

    def sentence(self) -> str:
        """How many windows were left out, as a sentence; empty where nothing was sent."""
        if not self.treated:
            return ""
        share = f"{self.treated:,} of {self.windows:,} label windows of {self.days} days saw a treatment"
        if self.left_out:
            return f"{share}; training and tests leave them out, since customers were held out at random."
        return f"{share}; nobody was held out at random, so that training learns from them too."

    def to_json(self) -> dict[str, int]:
        """The counts for the manifest of a release."""
        return asdict(self)


MIN_REMAINING_SHARE = 0.25
NO_TREATED_WINDOWS = TreatedWindows(0, 0, 0)


def leave_out_treated(
    population: pd.DataFrame, cutoffs: Sequence[Cutoff], treatments: Treatments, horizons: Sequence[int], zone: ZoneInfo
) -> tuple[pd.DataFrame, TreatedWindows]:
    """The population without the rows whose label window saw a treatment, and the counts.

    The windows are as long as the longest learned horizon of which ``MIN_REMAINING_SHARE`` remains: where everybody is
    treated once a year, a window of a year would leave nobody to learn from.

    Args:
        population: customer_id and the position of its cutoff; the rows of the last cutoff, today, all stay.
        cutoffs: ascending instants.
        treatments: of all sources.
        horizons: the learned horizons in days, ascending.
        zone: of the shop, in which the windows end at midnight.
    """
    past = population["position"].to_numpy() < len(cutoffs) - 1
    for days in sorted(horizons, reverse=True):
        treated = past & _treated_mask(population, cutoffs, treatments, days, zone)
        if treated.sum() <= (1 - MIN_REMAINING_SHARE) * past.sum():
            break
    windows, count = int(past.sum()), int(treated.sum())
    if not treatments.have_holdouts:
        return population, TreatedWindows(windows, count, 0, days)
    return population[~treated].reset_index(drop=True), TreatedWindows(windows, count, count, days)


def _treated_mask(
    population: pd.DataFrame, cutoffs: Sequence[Cutoff], treatments: Treatments, days: int, zone: ZoneInfo
) -> Booleans:
    position = population["position"].to_numpy()
    ends = [cutoff.day + timedelta(days=days) for cutoff in cutoffs]
    start = np.array([micros(cutoff.timestamp) for cutoff in cutoffs], dtype=np.int64)
    end = np.array([micros(start_of_day(day, zone)) for day in ends], dtype=np.int64)
    return treatments.state(population["customer_id"], start[position], end[position]).treated
