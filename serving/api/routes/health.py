"""Health routes: liveness and readiness probes, and metrics for Prometheus."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from serving.api import openapi
from serving.api.app_state import AppState
from serving.api.dependencies import app_state_of, json_response
from serving.api.routing import router
from serving.auth.route_access import ANY_KEY, PUBLIC
from serving.moments import rfc3339
from serving.observability.metrics import MEDIA_TYPE
from serving.predictions.serializers import DAMAGED
from serving.problems import RETRY_AFTER, Problem
from serving.schemas.status import ProbeResponse

ROUTER = router()


@ROUTER.get("/livez", dependencies=[PUBLIC], responses=openapi.success_and_problem_responses(ProbeResponse))
async def livez(request: Request) -> Response:  # noqa: ARG001 - the framework passes it
    """Liveness: the process runs."""
    return json_response({"status": "alive"})


@ROUTER.get("/readyz", dependencies=[PUBLIC], responses=openapi.success_and_problem_responses(ProbeResponse, 503))
async def readyz(request: Request) -> Response:
    """Readiness: a release is loaded that can answer, and the worker does not drain; degraded without features.

    Damaged features are 503, as they do not mend themselves; a disk that is nearly full is degraded, but answers.
    """
    app_state = app_state_of(request)
    if app_state.shutdown.draining:
        raise Problem(503, "This worker is about to stop. Ask another.")
    version = app_state.prediction_service.active_release().release.version
    if mismatch := app_state.prediction_service.clock_mismatch():
        raise Problem(503, mismatch, headers=RETRY_AFTER)
    reason = await app_state.degraded_reason()
    status = {"status": "ready"} if reason is None else {"status": "degraded", "reason": reason}
    response = json_response({**status, "release": version, **_log_fields(app_state)})
    if reason == DAMAGED:  # no other worker on this machine is better off, and another machine may be
        response.status_code = 503
    return response


@ROUTER.get(
    "/metrics", dependencies=[ANY_KEY], response_class=PlainTextResponse, responses=openapi.problem_responses(401)
)
async def metrics(request: Request) -> Response:
    """Metrics in the text format of Prometheus."""
    app_state = app_state_of(request)
    app_state.metrics.record_log(app_state.log_silence())
    app_state.metrics.record_disk(is_short=app_state.disk_reserve.is_short)
    return Response(app_state.metrics.render(), media_type=MEDIA_TYPE)


def _log_fields(app_state: AppState) -> dict[str, object]:
    """The end of the log, the silence since then, and a notice if it is unusual; such a worker stays ready."""
    silence = app_state.log_silence()
    if silence is None:
        return {"log_until": None, "silence_days": None}
    fields = {"log_until": rfc3339(silence.publication.log_until), "silence_days": silence.days}
    return fields if silence.notice is None else {**fields, "notice": silence.notice}
