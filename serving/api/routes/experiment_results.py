"""Experiment results route: what the decisions of an experiment show, as of the last nightly run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from features.calendar import local_day
from features.errors import FlywheelError, NotFound, StoreDamaged
from serving.api import openapi
from serving.api.caching import cacheable
from serving.api.dependencies import app_state_of, run_in_thread
from serving.api.routing import router
from serving.auth.scopes import KeyScope, requires
from serving.observability.json_logs import log_error
from serving.problems import RETRY_AFTER, Problem
from serving.schemas.experiment_results import ExperimentResultsResponse
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.result_schema import ExperimentResults

if TYPE_CHECKING:
    from serving.api.app_state import AppState

ROUTER = router()


@ROUTER.get(
    "/v1/experiments/{experiment_id}/results",
    dependencies=[requires(KeyScope.EXPERIMENT)],
    responses=openapi.success_and_problem_responses(ExperimentResultsResponse, 401, 403, 404, 503),
    openapi_extra={"parameters": [openapi.EXPERIMENT_ID_PARAMETER]},
)
async def get_experiment_results(request: Request) -> Response:
    """The results of an experiment: effects with intervals at its declared looks, a band between them, or a refusal."""
    app_state, experiment_id = app_state_of(request), request.path_params["experiment_id"]

    def read() -> bytes:
        return _read_results(app_state, experiment_id).model_dump_json().encode()

    return cacheable(request, await run_in_thread(app_state, read, _to_problem, None))


def _read_results(app_state: AppState, experiment_id: str) -> ExperimentResultsResponse:
    """The results in the home; of an experiment that was not judged yet, an answer that says so.

    Raises:
        NotFound: there is no such experiment.
        StoreDamaged: its files are not as they were written.
    """
    folder = ExperimentFolder(app_state.home)
    started = folder.read(experiment_id)
    try:
        stored = folder.results(experiment_id)
        if stored is None:
            today = local_day(app_state.now(), app_state.zone)
            return ExperimentResultsResponse.before_the_first(started.record, today)
        return ExperimentResultsResponse.from_results(ExperimentResults.model_validate_json(orjson.dumps(stored)))
    except (ValidationError, orjson.JSONDecodeError) as error:
        raise StoreDamaged(f"Found damaged results of the experiment {experiment_id}: {error}.") from None


def _to_problem(app_state: AppState, error: FlywheelError) -> Problem:
    if isinstance(error, NotFound):
        return Problem(404, str(error))
    log_error(app_state.log, "experiment results cannot be read", error)
    return Problem(503, "The results of the experiment cannot be read just now. Try again soon.", headers=RETRY_AFTER)
