"""Results of an experiment: its units are judged as of a day, and the results are written to its folder."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from features.calendar import local_day
from pipelines.learning.experiments.units import UnitSource
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.record.started_experiment import StartedExperiment
from training.experiments.result_schema import ExperimentResults
from training.experiments.results.assembly import ResultInputs, experiment_results
from training.experiments.results.daily_counts import count_erased
from training.experiments.results.stored_results import read_stored_results
from training.experiments.units import Units


def write_results(folder: ExperimentFolder, source: UnitSource, units: Units) -> ExperimentResults:
    """Judge an experiment as of the day of its source, and replace its results if they changed.

    The same history gives the same file. Of an experiment that has ended the results of its end stay, with the number
    of customers who were erased since.

    Raises:
        StoreDamaged: the files of the experiment are damaged.
    """
    started = source.started
    previous, as_of = read_stored_results(folder, started.id), source.metrics.now.day
    if previous is not None and previous.status == "ended" and previous.as_of <= as_of:
        results = previous.model_copy(update={"erased_since": count_erased(previous.daily, len(units))})
    else:
        stopped_on = _stopped_on(started, source.metrics.zone)
        inputs = ResultInputs(
            started=started, as_of=as_of, stopped_on=stopped_on, matures_on=source.matures_on(), previous=previous
        )
        results = experiment_results(inputs, units)
    if results != previous:
        folder.write_results(started.id, results.model_dump(mode="json"))
    return results


def _stopped_on(started: StartedExperiment, zone: ZoneInfo) -> date | None:
    return None if started.stopped_at is None else local_day(started.stopped_at, zone)
