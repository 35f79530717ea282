"""Experiment results route: what the decisions of an experiment show, as of the last nightly run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from features.calendar import local_day
from features.errors import FlywheelError, NotFound
from serving.api import openapi
from serving.api.caching import cacheable
from serving.api.dependencies import app_state_of, run_in_thread
from serving.api.routing import router
from serving.auth.route_access import requires
from serving.auth.scopes import KeyScope
from serving.experiments.result_reader import read_results
from serving.observability.json_logs import log_error
from serving.problems import RETRY_AFTER, Problem
from serving.schemas.experiment_results import ExperimentResultsResponse

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
        today = local_day(app_state.now(), app_state.zone)
        return read_results(app_state.home, experiment_id, today).model_dump_json().encode()

    return cacheable(request, await run_in_thread(app_state, read, _to_problem, None))


def _to_problem(app_state: AppState, error: FlywheelError) -> Problem:
    if isinstance(error, NotFound):
        return Problem(404, str(error))
    log_error(app_state.log, "experiment results cannot be read", error)
    return Problem(503, "The results of the experiment cannot be read just now. Try again soon.", headers=RETRY_AFTER)
