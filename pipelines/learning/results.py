"""Results of all experiments: each one's units are judged as of a day, and its results are written to its folder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from features.calendar import local_day
from features.history import Cutoff
from pipelines.home import Home
from pipelines.learning.units import UnitSource
from training.experiments.daily_counts import count_erased
from training.experiments.experiment_folder import ExperimentFolder
from training.experiments.result_schema import ExperimentResults
from training.experiments.results import ResultInputs, experiment_results
from training.experiments.started_experiment import StartedExperiment


def write_results(home: Home, now: Cutoff, zone: ZoneInfo, report: Callable[[str], None]) -> list[ExperimentResults]:
    """Judge every experiment as of the beginning of a day, and replace its results where they changed.

    The same history gives the same files, so that a run that was stopped is repeated as a whole.

    Raises:
        NotFound: the home has no history.
        StoreDamaged: the files of an experiment are damaged.
    """
    folder, written = ExperimentFolder(home.folder), []
    for started in folder.read_all():
        stored = folder.results(started.id)
        previous = ExperimentResults.model_validate_json(_to_json(stored)) if stored else None
        results = judge(UnitSource.open(home, started, now, zone), previous)
        if (payload := results.model_dump(mode="json")) != stored:
            folder.write_results(started.id, payload)
        report(f"experiment {started.id}: {results.status}: {results.detail}")
        written.append(results)
    return written


def judge(source: UnitSource, previous: ExperimentResults | None) -> ExperimentResults:
    """The results of one experiment; of one that has ended, those of its end."""
    now = source.metrics.now
    if previous is not None and previous.status == "ended" and previous.as_of <= now.day:
        erased = count_erased(previous.daily, source.decisions.num_rows)
        return previous.model_copy(update={"erased_since": erased})
    inputs = ResultInputs(
        started=source.started,
        as_of=now.day,
        stopped_on=_stopped_on(source.started, source.metrics.zone),
        matures_on=source.matures_on(),
        previous=previous,
    )
    return experiment_results(inputs, source.units())


def _stopped_on(started: StartedExperiment, zone: ZoneInfo) -> date | None:
    return None if started.stopped_at is None else local_day(started.stopped_at, zone)


def _to_json(stored: dict[str, Any]) -> bytes:
    """JSON text, which dates and tuples are read from as strictly as from a file."""
    return orjson.dumps(stored)
