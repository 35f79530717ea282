"""Drift of a log of baskets: the windows and volumes of a day against those of a reference day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.monitoring.planted_faults import FAULT_DAYS, Fault
from features.arrays import Floats
from training.monitoring.daily_volumes import MAX_GROUPS, REFERENCE_DAYS, WINDOW_DAYS, DailyVolumes, volume_drifts
from training.monitoring.drift import distribution_drifts
from training.monitoring.drift_reference import DriftReference
from training.monitoring.population_stability import BinnedDistribution

LIFETIME = "orders"


@dataclass(frozen=True)
class DriftLook:
    """One look at the drift."""

    largest_psi: float  # of the windows
    input_alarms: tuple[str, ...]
    lifetime_psi: float  # of a counter that only grows, which is not watched
    volume_ratio: float  # observed over expected of all baskets in four weeks
    volume_alarms: tuple[str, ...]  # groups

    @property
    def alarms(self) -> bool:
        """Whether anything alarms."""
        return bool(self.input_alarms or self.volume_alarms)


def look(baskets: pd.DataFrame, reference_day: int, today: int, fault: Fault, seed: int = 0) -> DriftLook:
    """Compare a day with a reference day, after a fault of the last four weeks.

    Args:
        baskets: customer, day, amount, store; days from the beginning of the log.
        reference_day: the day on which a release was trained.
        today: the day of the look.
        fault: what happens to the baskets.
        seed: of the fault.
    """
    known = baskets[baskets["day"] < today]
    recent = known["day"] >= today - FAULT_DAYS
    faulty = fault(known, recent, np.random.default_rng(seed))
    before, now = windows(baskets, reference_day), windows(faulty, today)
    reference = DriftReference.from_population(
        pd.Timestamp(0).date(), (*before,), np.column_stack([*before.values()]), {}, volumes(baskets, reference_day)
    )
    drifts = distribution_drifts("input", reference.inputs, now)
    lifetime = distribution_drifts("input", {LIFETIME: BinnedDistribution.from_values(before[LIFETIME])}, now)
    found = volume_drifts(reference.volumes, volumes(faulty, today))
    total = next(drift for drift in found if drift.group == "all" and drift.window_days == max(WINDOW_DAYS))
    return DriftLook(
        largest_psi=drifts[0].psi,
        input_alarms=tuple(drift.name for drift in drifts if drift.alarms),
        lifetime_psi=lifetime[0].psi,
        volume_ratio=total.observed / total.expected,
        volume_alarms=tuple(sorted({drift.group for drift in found if drift.alarms})),
    )


def windows(baskets: pd.DataFrame, today: int) -> dict[str, Floats]:
    """The windows of every customer known before a day: recency, orders and spend, and a counter of the lifetime."""
    known = baskets[baskets["day"] < today]
    age = today - known["day"]
    grouped = known.assign(one=1.0).groupby("customer")
    columns = {"recency_days": today - grouped["day"].max(), LIFETIME: grouped["one"].sum()}
    for days in (28, 91):
        inside = known[age <= days].assign(one=1.0).groupby("customer")
        columns[f"orders_{days}d"] = inside["one"].sum()
        columns[f"spend_{days}d"] = inside["amount"].sum()
    table = pd.DataFrame(columns).fillna(0.0)
    return {name: table[name].to_numpy(dtype=float) for name in table.columns}


def volumes(baskets: pd.DataFrame, today: int) -> DailyVolumes:
    """The baskets per day in all and by store, before a day."""
    first = today - REFERENCE_DAYS
    known = baskets[(baskets["day"] < today) & (baskets["day"] >= first)]
    stores = known["store"].value_counts().index[:MAX_GROUPS]
    groups: Mapping[str, pd.Series] = {
        "all": known["day"],
        **{f"store_id={store}": known.loc[known["store"] == store, "day"] for store in stores},
    }
    counts = {name: np.bincount(days - first, minlength=REFERENCE_DAYS) for name, days in groups.items()}
    return DailyVolumes(end=today, orders={name: tuple(values.tolist()) for name, values in counts.items()})
