"""Attribution route: what each channel caused in a period, beside what path rules credit it with."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from features.canonical_form import canonical_word
from serving.api import openapi
from serving.api.attribution_work import run_attribution
from serving.api.caching import no_store
from serving.api.dependencies import app_state_of
from serving.api.request_parsing import read_query_as
from serving.api.routing import router
from serving.auth.route_access import requires
from serving.auth.scopes import KeyScope
from serving.problems import Problem
from serving.schemas.attribution import AttributionQuery, AttributionResponse
from serving.schemas.predictions import FieldProblem
from training.attribution.period import InvalidPeriod, Period
from training.attribution.report import AttributionReport

ROUTER = router()


@ROUTER.get(
    "/v1/attribution",
    dependencies=[requires(KeyScope.EXPERIMENT)],
    responses=openapi.success_and_problem_responses(AttributionResponse, 401, 403, 422, 503),
    openapi_extra={"parameters": openapi.query_parameters(AttributionQuery)},
)
async def get_attribution(request: Request) -> Response:
    """Conversions by channel: caused, where a hold-out was drawn at random, and credited by path rules."""
    app_state, query = app_state_of(request), read_query_as(request, AttributionQuery)
    report = await run_attribution(app_state, _period(query))
    channel = None if query.channel is None else canonical_word(query.channel)
    _require_channel(channel, report)
    return no_store(AttributionResponse.from_report(report, channel).model_dump_json(by_alias=True).encode())


def _period(query: AttributionQuery) -> Period:
    try:
        return Period(query.from_, query.to)
    except InvalidPeriod as error:
        raise Problem(422, str(error), [FieldProblem(field="to", reason=str(error))]) from None


def _require_channel(channel: str | None, report: AttributionReport) -> None:
    names = [each.channel for each in report.channels]
    if channel is not None and channel not in names:
        reason = (
            f"Found no touches on the channel in the period; expected one of {', '.join(sorted(names)) or 'none'}. "
            "Leave it out for all of them."
        )
        raise Problem(422, reason, [FieldProblem(field="channel", reason=reason)])
