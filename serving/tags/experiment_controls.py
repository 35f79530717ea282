"""Experiment controls: customers whom an experiment leaves untreated; a tag would have staff treat them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from features.calendar import local_day
from features.decisions.decision_log import DecisionLog
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.record.started_experiment import StartedExperiment


def control_members(home: Path, log: DecisionLog, day: date, zone: ZoneInfo) -> Sequence[str]:
    """Return the customers who drew the control arm of an experiment that still measures them, ascending.

    Args:
        home: the folder of the shop.
        log: its decisions.
        day: of the shop.
        zone: the time zone of the shop.

    Raises:
        StoreDamaged: the files of an experiment, or the log, are not as they were written.
        StoreUnavailable: the log cannot be read just now.
    """
    controls = {
        (started.id, started.record.arms[started.record.control].name)
        for started in ExperimentFolder(home).read_all()
        if started.record.control is not None and day < _measures_until(started, zone)
    }
    if not controls:
        return []
    decisions = log.decisions()
    return sorted({made.customer_id for made in decisions if (made.experiment_id, made.arm) in controls})


def _measures_until(started: StartedExperiment, zone: ZoneInfo) -> date:
    """Return the day from which no outcome of an experiment counts any more: its longest window after the last draw."""
    last = started.ends_on if started.stopped_at is None else local_day(started.stopped_at, zone)
    return last + timedelta(days=1 + max(metric.within_days for metric in started.record.metrics))
