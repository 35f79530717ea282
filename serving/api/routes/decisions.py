"""Decision route: the arm of each customer in an experiment."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from serving.api import openapi
from serving.api.auth_middleware import actor
from serving.api.dependencies import app_state_of
from serving.api.experiment_work import decision_time, run_in_decision_thread
from serving.api.request_parsing import read_json_as
from serving.api.routing import router
from serving.auth.route_access import requires
from serving.auth.scopes import KeyScope
from serving.experiments.decision_service import count_reasons
from serving.schemas.experiments import DecisionRequest, DecisionsResponse

ROUTER = router()


@ROUTER.post(
    "/v1/decisions",
    dependencies=[requires(KeyScope.EXPERIMENT)],
    responses=openapi.success_and_problem_responses(
        DecisionsResponse, 400, 401, 403, 404, 408, 409, 413, 415, 422, 503
    ),
    openapi_extra=openapi.request_body(DecisionRequest),
)
async def post_decisions(request: Request) -> Response:
    """The arm of up to 1,000 customers, idempotent: new decisions are in the log before they are answered.

    Ask about control customers exactly like the others, at the same moment. What happens after the draw is an exposure.
    """
    app_state, asked_by = app_state_of(request), actor(request)
    parsed = await read_json_as(request, DecisionRequest)
    time = decision_time(request)
    decisions = await run_in_decision_thread(
        app_state, lambda: app_state.experiment_services.decisions.decide(parsed, time)
    )
    app_state.metrics.record_decisions(parsed.experiment_id, count_reasons(decisions))
    app_state.audit_counter.count_decisions(asked_by, time.machine_now, parsed.experiment_id, len(decisions))
    return Response(DecisionsResponse(decisions=decisions).model_dump_json(), media_type="application/json")
