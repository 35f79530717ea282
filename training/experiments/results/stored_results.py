"""Stored results: the newest results of an experiment, read from the home and checked."""

from __future__ import annotations

import orjson
from pydantic import ValidationError

from features.errors import StoreDamaged
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.result_schema import ExperimentResults


def read_stored_results(folder: ExperimentFolder, experiment_id: str) -> ExperimentResults | None:
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
