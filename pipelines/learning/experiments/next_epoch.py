"""Next epoch: each night the probabilities of an adaptive experiment follow the outcomes that are known by then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

import numpy as np

from features.calendar import local_day
from training.experiments.allocation import next_probabilities
from training.experiments.record.epochs import EVERYBODY, Epoch
from training.experiments.record.experiment import Experiment
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.record.started_experiment import StartedExperiment
from training.experiments.units import Units

NIGHTLY = "nightly"
SMALLEST_CHANGE = 0.005  # of a probability; below it lies the noise of the draws
DAYS_BETWEEN = {"day": timedelta(days=1), "week": timedelta(days=7)}


def append_next_epoch(
    folder: ExperimentFolder, started: StartedExperiment, units: Units, began_at: int
) -> Epoch | None:
    """Append the next epoch of an adaptive experiment; None where its probabilities stay.

    The draws depend on the experiment alone, so that the same outcomes give the same probabilities.
    """
    probabilities = next_probabilities(units, started.record, _generator(started.id), started.removed_arms)
    last = folder.epochs(started.id)[-1]
    if not _differ(probabilities, last, started.record):
        return None
    epoch = Epoch(number=last.number + 1, began_at=began_at, probabilities=probabilities, reason=NIGHTLY)
    return folder.append_epoch(started.id, epoch)


def is_due(started: StartedExperiment, epochs: Sequence[Epoch], today: date, zone: ZoneInfo) -> bool:
    """Whether the probabilities may change today: once a day or week at most, and only while arms are drawn."""
    if started.record.allocation.kind != "adaptive" or started.status(today) != "running":
        return False
    wait = DAYS_BETWEEN[started.record.allocation.every]
    return all(local_day(epoch.began_at, zone) + wait <= today for epoch in epochs if epoch.reason == NIGHTLY)


def _differ(probabilities: Mapping[str, tuple[float, ...]], last: Epoch, record: Experiment) -> bool:
    """Return whether any probability changed by more than the noise of the draws, or fell below the floor before."""
    segments = {*probabilities, *last.probabilities}
    return any(
        abs(new - old) >= SMALLEST_CHANGE or (old < record.allocation.floor and new > old)
        for segment in segments
        for new, old in zip(
            probabilities.get(segment, probabilities[EVERYBODY]), last.for_segment(segment), strict=True
        )
    )


def _generator(experiment_id: str) -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(sha256(experiment_id.encode()).digest()[:8]))
