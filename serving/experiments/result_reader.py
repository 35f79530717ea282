"""Result reader: the results of an experiment that the nightly job wrote into the home."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from serving.schemas.experiment_results import ExperimentResultsResponse
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.results.stored_results import read_stored_results


def read_results(home: Path, experiment_id: str, today: date) -> ExperimentResultsResponse:
    """The newest results; of an experiment that was not judged yet, an answer that says so.

    Raises:
        NotFound: there is no such experiment.
        StoreDamaged: its files are not as they were written.
    """
    folder = ExperimentFolder(home)
    started = folder.read(experiment_id)
    stored = read_stored_results(folder, experiment_id)
    if stored is None:
        return ExperimentResultsResponse.before_the_first(started.record, today)
    return ExperimentResultsResponse.from_results(stored)
