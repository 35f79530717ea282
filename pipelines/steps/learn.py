"""Learn step: results of experiments, next probabilities, scorecards of what was predicted, and drift."""

from __future__ import annotations

from dataclasses import dataclass

from features.calendar import local_day, micros
from features.errors import FlywheelError
from pipelines.learning.drift import measurement as drift
from pipelines.learning.drift.measurement import DriftSummary
from pipelines.learning.experiments.next_epoch import append_next_epoch, is_due
from pipelines.learning.experiments.results import write_results
from pipelines.learning.experiments.units import UnitSource
from pipelines.learning.predictions import scorecards
from pipelines.learning.predictions.scorecards import ScorecardSummary
from pipelines.run_context import RunContext
from training.experiments.record.epochs import Epoch
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.result_schema import ExperimentResults

FAILURES = (FlywheelError, ValueError, OSError)  # what a damaged file raises: pyarrow's errors are of the last two


@dataclass(frozen=True)
class LearnSummary:
    """The results of all experiments that could be read, the epochs that began, and what could not be read."""

    results: tuple[ExperimentResults, ...]
    epochs: dict[str, Epoch]  # by experiment
    scorecards: ScorecardSummary | None  # None where they could not be made
    failures: dict[str, str]  # by experiment, ``scorecards`` or ``drift``: why there is nothing new
    drift: DriftSummary | None = None  # None where it could not be measured


def run(context: RunContext) -> LearnSummary:
    """Judge all experiments and the matured predictions as of the day of the run, from the history.

    The caller has the write lock, and ingested the log and the decisions before.

    Each file is replaced as a whole, and the same history gives the same files, so that a run that was killed is
    repeated. What cannot be read is reported, and stops nothing else.

    Raises:
        NotFound: the home has no history.
    """
    folder = ExperimentFolder(context.home.folder)
    results: list[ExperimentResults] = []
    epochs: dict[str, Epoch] = {}
    failures: dict[str, str] = {}
    for experiment_id in folder.ids():
        try:
            result, epoch = _learn(context, folder, experiment_id)
        except FAILURES as error:
            failures[experiment_id] = str(error)
            context.report(f"experiment {experiment_id}: no results: {error}")
            continue
        results.append(result)
        if epoch is not None:
            epochs[experiment_id] = epoch
    summary = _write_scorecards(context, failures)
    return LearnSummary(tuple(results), epochs, summary, failures, _measure_drift(context, failures))


def _write_scorecards(context: RunContext, failures: dict[str, str]) -> ScorecardSummary | None:
    try:
        return scorecards.run(context)
    except FAILURES as error:
        failures["scorecards"] = str(error)
        context.report(f"no scorecards: {error}")
        return None


def _measure_drift(context: RunContext, failures: dict[str, str]) -> DriftSummary | None:
    try:
        return drift.run(context)
    except FAILURES as error:
        failures["drift"] = str(error)
        context.report(f"no drift: {error}")
        return None


def _learn(context: RunContext, folder: ExperimentFolder, experiment_id: str) -> tuple[ExperimentResults, Epoch | None]:
    """The results of one experiment, and the epoch that begins with them."""
    zone = context.config.zone
    source = UnitSource.open(context.home, folder.read(experiment_id), context.now, zone)
    units = source.units()
    result = write_results(folder, source, units)
    context.report(f"experiment {experiment_id}: {result.status}: {result.detail}")
    if not is_due(source.started, folder.epochs(experiment_id), context.as_of, zone):
        return result, None
    epoch = append_next_epoch(folder, source.started, units, _instant(context))
    if epoch is not None:
        context.report(f"experiment {experiment_id}: epoch {epoch.number} begins with new probabilities")
    return result, epoch


def _instant(context: RunContext) -> int:
    """The instant of the run, if its day is that of the run; else the beginning of the day it is pinned to."""
    at = micros(context.consents_at or context.now.timestamp)
    return at if local_day(at, context.config.zone) == context.as_of else micros(context.now.timestamp)
