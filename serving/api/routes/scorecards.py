"""Scorecard route: the realised quality of what each release predicted."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from serving.api import openapi
from serving.api.caching import cacheable
from serving.api.dependencies import app_state_of
from serving.api.request_parsing import read_query_as
from serving.api.routing import router
from serving.auth.route_access import requires
from serving.auth.scopes import KeyScope
from serving.problems import Problem
from serving.schemas.predictions import FieldProblem
from serving.schemas.scorecards import MAX_SCORECARDS, ScorecardQuery, ScorecardResponse, ScorecardsResponse

ROUTER = router()


@ROUTER.get(
    "/v1/scorecards",
    dependencies=[requires(KeyScope.PREDICT)],
    responses=openapi.success_and_problem_responses(ScorecardsResponse, 401, 403, 422),
    openapi_extra={"parameters": openapi.query_parameters(ScorecardQuery)},
)
async def get_scorecards(request: Request) -> Response:
    """Realised scorecards by release and matured day: the verdict is on the untreated, with weights 1/P(untreated)."""
    query, stored = _query(request), app_state_of(request).monitoring_loader.scorecards
    matching = [card for card in reversed(stored.scorecards) if _matches(card, query)]
    response = ScorecardsResponse(
        as_of=stored.as_of,
        scorecards=matching[:MAX_SCORECARDS],
        left_out=max(len(matching) - MAX_SCORECARDS, 0),
    )
    return cacheable(request, response.model_dump_json().encode())


def _query(request: Request) -> ScorecardQuery:
    query = read_query_as(request, ScorecardQuery)
    if query.from_ is not None and query.to is not None and query.to < query.from_:
        reason = f"Found a period from {query.from_} to {query.to}; expected an end that is not before its beginning."
        raise Problem(422, reason, [FieldProblem(field="to", reason=reason)])
    return query


def _matches(card: ScorecardResponse, query: ScorecardQuery) -> bool:
    return (
        (query.release is None or card.release == query.release)
        and (query.from_ is None or card.day >= query.from_)
        and (query.to is None or card.day <= query.to)
    )
