"""Drift of a home: the newest features, scores and volumes against the reference of the release that serves.

Drift never retrains: the nightly training does, and the quality gate decides. An alarm opens the scorecard early.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from features.calendar import micros
from features.errors import FlywheelError
from features.history import Cutoff
from features.store.snapshot_reader import SnapshotReader
from pipelines.learning.drift.drift_report import Drift, write_drift
from pipelines.learning.drift.volumes import daily_volumes
from pipelines.learning.predictions.early_scorecards import early_scorecard
from pipelines.learning.predictions.matured_snapshots import recording_lag_days
from pipelines.run_context import RunContext
from training.dataset.point_in_time import sample_customers
from training.inference.release import Release
from training.inference.release_errors import CorruptRelease
from training.inference.release_manifest import MONITORING_FOLDER
from training.models import load_release
from training.monitoring.daily_volumes import CURRENT_DAYS, VolumeDrift, volume_drifts
from training.monitoring.drift import DistributionDrift, distribution_drifts
from training.monitoring.drift_reference import CHURN_SCORE, REFERENCE_FILE, DriftReference


@dataclass(frozen=True)
class DriftSummary:
    """What one look at the drift found."""

    release: str | None  # None where none serves, or it has no reference
    alarms: tuple[str, ...]  # sentences


def run(context: RunContext) -> DriftSummary:
    """Compare with the reference of the champion, and write ``drift.json``; the caller has the write lock."""
    version = context.home.champion()
    reference = None if version is None else read_reference(context, version)
    if version is None or reference is None:
        context.home.drift.unlink(missing_ok=True)
        return DriftSummary(None, ())
    distributions, features_day = _distribution_drifts(context, version, reference)
    lag_days = recording_lag_days(context.history)
    current = daily_volumes(context.history, context.now, CURRENT_DAYS, lag_days)
    volumes = volume_drifts(reference.volumes, current)
    drifts: list[Drift] = [*distributions, *volumes]
    alarms = tuple(drift.sentence() for drift in drifts if drift.alarms)
    facts = {
        "as_of": str(context.as_of),
        "release": version,
        "reference_as_of": str(reference.as_of),
        "features_day": features_day,
        "alarms": list(alarms),
        "early_scorecard": early_scorecard(context, version) if alarms else None,
    }
    write_drift(context.home, facts, drifts)
    _log_metrics(context, version, drifts)
    for sentence in alarms:
        context.report(f"drift: {sentence}")
    return DriftSummary(version, alarms)


def read_reference(context: RunContext, version: str) -> DriftReference | None:
    """The reference of a release; None where an earlier version of Flywheel made it."""
    path = context.home.releases / version / MONITORING_FOLDER / REFERENCE_FILE
    try:
        return DriftReference.from_json(path.read_bytes())
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _distribution_drifts(
    context: RunContext, version: str, reference: DriftReference
) -> tuple[list[DistributionDrift], str | None]:
    """The drifts of the published features and of their scores, and the day that they are of."""
    day = context.home.published_day()
    if day is None:
        return [], None
    cutoff = Cutoff.from_day(day, context.config.zone)
    try:
        release = load_release(context.home.releases / version)
        inputs, scores = _current_values(context, release, micros(cutoff.timestamp))
    except (CorruptRelease, OSError, pa.ArrowInvalid) as error:
        context.report(f"the drift of inputs cannot be measured: {error}")
        return [], None
    drifts = distribution_drifts("score", reference.scores, scores)
    return [*drifts, *distribution_drifts("input", reference.inputs, inputs)], str(day)


def _current_values(context: RunContext, release: Release, cutoff_us: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The inputs and the scores of a sample of the customers, by name."""
    reader = SnapshotReader(context.home.features, release.views, cutoff_us)
    sample = pa.array(sorted(sample_customers(reader.customer_ids().to_pylist())), pa.string())
    if len(sample) == 0:
        return {}, {}
    stored = reader.read(sample)
    inputs = release.inputs(stored, cutoff_us)
    churn = 1 - release.forecast(stored, cutoff_us).order_probability(release.metadata.churn_days)
    return dict(zip(release.input_names, inputs.T, strict=True)), {CHURN_SCORE: churn}


def _log_metrics(context: RunContext, version: str, drifts: Sequence[Drift]) -> None:
    """Log the largest index, the largest deviation of a volume and the number of alarms to the run of the release."""
    from training.registry import Metric

    values: Mapping[str, float] = {
        "drift/largest_psi": max((drift.psi for drift in drifts if isinstance(drift, DistributionDrift)), default=0.0),
        "drift/largest_volume_deviation": max(
            (abs(drift.observed / drift.expected - 1) for drift in drifts if isinstance(drift, VolumeDrift)),
            default=0.0,
        ),
        "drift/alarms": float(sum(drift.alarms for drift in drifts)),
    }
    step = context.as_of.toordinal()
    try:
        context.home.registry().log_release_metrics(
            version, [Metric(name, value, step) for name, value in values.items()]
        )
    except FlywheelError as error:
        context.report(f"the drift of release {version} is not in MLflow: {error}")
