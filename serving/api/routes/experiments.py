"""Experiment routes: plan, start, list, look at, stop and extend an experiment, and take an arm out."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from serving.api import openapi
from serving.api.auth_middleware import actor
from serving.api.dependencies import app_state_of
from serving.api.experiment_work import decision_time, run_in_experiment_thread, smallest_audience
from serving.api.request_parsing import read_json_as
from serving.api.routing import router
from serving.auth.route_access import requires
from serving.auth.scopes import KeyScope
from serving.problems import Problem
from serving.schemas.experiments import (
    ExperimentExtension,
    ExperimentResponse,
    ExperimentsResponse,
    PlannedExperiment,
)
from serving.schemas.predictions import FieldProblem
from training.experiments.record.experiment import Experiment

ROUTER = router()
_PATH = "/v1/experiments/{experiment_id}"
_CHANGED = openapi.success_and_problem_responses(ExperimentResponse, 401, 403, 404, 409, 503)
_START = {"true": True, "false": False}


@ROUTER.post(
    "/v1/experiments",
    dependencies=[requires(KeyScope.EXPERIMENT)],
    responses=openapi.success_and_problem_responses(PlannedExperiment, 400, 401, 403, 408, 409, 413, 415, 422, 503),
    openapi_extra={"parameters": [openapi.START_PARAMETER], **openapi.request_body(Experiment)},
)
async def post_experiment(request: Request) -> Response:
    """Start an experiment, idempotent, and say what it can show; with `start=false` only say it."""
    app_state, starts = app_state_of(request), _starts(request)
    record = await read_json_as(request, Experiment)
    time, smallest, asked_by = decision_time(request), smallest_audience(request), actor(request)

    def work() -> PlannedExperiment:
        service = app_state.experiment_services.experiments
        if starts:
            return service.start(record, time, smallest, asked_by)
        return PlannedExperiment(plan=service.plan(record, time, smallest), experiment=None)

    return _response(await run_in_experiment_thread(app_state, work))


@ROUTER.get(
    "/v1/experiments",
    dependencies=[requires(KeyScope.EXPERIMENT)],
    responses=openapi.success_and_problem_responses(ExperimentsResponse, 401, 403, 503),
)
async def get_experiments(request: Request) -> Response:
    """All experiments, the first started first."""
    app_state, time = app_state_of(request), decision_time(request)
    experiments = await run_in_experiment_thread(
        app_state, lambda: app_state.experiment_services.experiments.list_all(time)
    )
    return _response(ExperimentsResponse(experiments=experiments))


@ROUTER.get(
    _PATH,
    dependencies=[requires(KeyScope.EXPERIMENT)],
    responses=openapi.success_and_problem_responses(ExperimentResponse, 401, 403, 404, 503),
    openapi_extra={"parameters": [openapi.EXPERIMENT_ID_PARAMETER]},
)
async def get_experiment(request: Request) -> Response:
    """The record of an experiment, its changes, and the probabilities in force."""
    app_state, time, experiment_id = app_state_of(request), decision_time(request), _experiment_id(request)
    return _response(
        await run_in_experiment_thread(
            app_state, lambda: app_state.experiment_services.experiments.read(experiment_id, time)
        )
    )


@ROUTER.post(
    f"{_PATH}/stop",
    dependencies=[requires(KeyScope.EXPERIMENT)],
    responses=_CHANGED,
    openapi_extra={"parameters": [openapi.EXPERIMENT_ID_PARAMETER]},
)
async def post_stop(request: Request) -> Response:
    """Stop an experiment for good, idempotent: nobody gets an arm any more."""
    app_state, time, experiment_id = app_state_of(request), decision_time(request), _experiment_id(request)
    asked_by = actor(request)
    return _response(
        await run_in_experiment_thread(
            app_state, lambda: app_state.experiment_services.experiments.stop(experiment_id, time, asked_by)
        )
    )


@ROUTER.post(
    f"{_PATH}/arms/{{arm}}/remove",
    dependencies=[requires(KeyScope.EXPERIMENT)],
    responses=_CHANGED,
    openapi_extra={"parameters": [openapi.EXPERIMENT_ID_PARAMETER, openapi.ARM_PARAMETER]},
)
async def post_arm_removal(request: Request) -> Response:
    """Take an arm out, idempotent: a new epoch begins, in which the other arms keep their proportions."""
    app_state, time, experiment_id = app_state_of(request), decision_time(request), _experiment_id(request)
    arm, asked_by = request.path_params["arm"], actor(request)
    return _response(
        await run_in_experiment_thread(
            app_state, lambda: app_state.experiment_services.experiments.remove_arm(experiment_id, arm, time, asked_by)
        )
    )


@ROUTER.post(
    f"{_PATH}/extend",
    dependencies=[requires(KeyScope.EXPERIMENT)],
    responses=openapi.success_and_problem_responses(
        ExperimentResponse, 400, 401, 403, 404, 408, 409, 413, 415, 422, 503
    ),
    openapi_extra={
        "parameters": [openapi.EXPERIMENT_ID_PARAMETER],
        **openapi.request_body(ExperimentExtension),
    },
)
async def post_extension(request: Request) -> Response:
    """Move the end to a later day, idempotent; the former end becomes a declared look."""
    app_state, experiment_id = app_state_of(request), _experiment_id(request)
    extension = await read_json_as(request, ExperimentExtension)
    time, asked_by = decision_time(request), actor(request)
    return _response(
        await run_in_experiment_thread(
            app_state,
            lambda: app_state.experiment_services.experiments.extend(experiment_id, extension.ends_on, time, asked_by),
        )
    )


def _experiment_id(request: Request) -> str:
    experiment_id: str = request.path_params["experiment_id"]
    return experiment_id


def _starts(request: Request) -> bool:
    text = request.query_params.get("start", "true")
    if text not in _START:
        reason = f"Found {text!r}; expected true or false. Leave it out to start the experiment."
        raise Problem(422, reason, [FieldProblem(field="start", reason=reason)])
    return _START[text]


def _response(answer: PlannedExperiment | ExperimentResponse | ExperimentsResponse) -> Response:
    return Response(answer.model_dump_json(), media_type="application/json")
