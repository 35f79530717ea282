"""Results of an experiment: its units are judged as of a day, and the results are written to its folder."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import orjson
from pydantic import ValidationError

from features.calendar import local_day
from features.errors import StoreDamaged
from pipelines.learning.experiments.units import UnitSource
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.record.started_experiment import StartedExperiment
from training.experiments.result_schema import ExperimentResults
from training.experiments.results.assembly import ResultInputs, experiment_results
from training.experiments.results.daily_counts import count_erased
from training.experiments.units import Units


def write_results(folder: ExperimentFolder, source: UnitSource, units: Units) -> ExperimentResults:
    """Judge an experiment as of the day of its source, and replace its results if they changed.

    The same history gives the same file. Of an experiment that has ended the results of its end stay, with the number
    of customers who were erased since.

    Raises:
        StoreDamaged: the files of the experiment are damaged.
    """
    started = source.started
    previous, as_of = read_results(folder, started.id), source.metrics.now.day
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


def read_results(folder: ExperimentFolder, experiment_id: str) -> ExperimentResults | None:
    """The newest results of an experiment; None before the first.

    Raises:
        NotFound: there is no such experiment.
        StoreDamaged: the file is not as it was written.
    """
    try:
        stored = folder.results(experiment_id)
        return None if stored is None else ExperimentResults.model_validate_json(orjson.dumps(stored))
    except (ValidationError, orjson.JSONDecodeError) as error:
        raise StoreDamaged(
            f"Found damaged results of the experiment {experiment_id} ({error}); expected them as they were written. "
            "Restore the home from a backup: `flywheel restore`."
        ) from None


def _stopped_on(started: StartedExperiment, zone: ZoneInfo) -> date | None:
    return None if started.stopped_at is None else local_day(started.stopped_at, zone)
