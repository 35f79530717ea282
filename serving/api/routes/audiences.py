"""Audience routes: create an audience, describe it, and delete it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from serving.api import openapi
from serving.api.audience_work import export_context, run_in_audience_thread
from serving.api.caching import no_store
from serving.api.dependencies import app_state_of
from serving.api.request_parsing import json_body, read_query_as
from serving.api.routing import router
from serving.audiences.audience_service import SAMPLE_FORMAT
from serving.audiences.export.audience_list import AudiencesResponse
from serving.audiences.export.metadata import AudienceMetadata
from serving.audiences.request_parsing import parse_request
from serving.audiences.schema import AudienceRequest, AudienceResponse
from serving.auth.route_access import requires
from serving.auth.scopes import KeyScope
from serving.schemas.base import StrictModel

ROUTER = router()
MAX_LISTED = 500  # audiences of a page


@ROUTER.post(
    "/v1/audiences",
    dependencies=[requires(KeyScope.AUDIENCE)],
    responses=openapi.success_and_problem_responses(AudienceResponse, 400, 401, 403, 408, 413, 415, 422, 503, 507),
    openapi_extra=openapi.request_body(AudienceRequest),
)
async def post_audience(request: Request) -> Response:
    """Create an audience: count and describe its members, and store them under an id for paging."""
    app_state = app_state_of(request)
    body, export = await json_body(request), export_context(request, SAMPLE_FORMAT)
    answer = await run_in_audience_thread(
        app_state, lambda: app_state.audience_service.create(parse_request(body), export)
    )
    return Response(answer.model_dump_json(), media_type="application/json")


class ListQuery(StrictModel):
    """Paging query of the list of audiences."""

    cursor: Annotated[str, Field(max_length=100)] | None = Field(
        default=None, description="`next` of the page before; the first page has none."
    )
    size: Annotated[int, Field(ge=1, le=MAX_LISTED)] = Field(default=50, description="Audiences of a page.")


@ROUTER.get(
    "/v1/audiences",
    dependencies=[requires(KeyScope.AUDIENCE)],
    responses=openapi.success_and_problem_responses(AudiencesResponse, 401, 403, 422, 503),
    openapi_extra={"parameters": openapi.query_parameters(ListQuery)},
)
async def get_audiences(request: Request) -> Response:
    """List the stored audiences that have not expired, the newest first."""
    app_state, query = app_state_of(request), read_query_as(request, ListQuery)
    export = export_context(request, SAMPLE_FORMAT)
    page = await run_in_audience_thread(
        app_state, lambda: app_state.audience_service.stored_page(query.cursor, query.size, export)
    )
    return no_store(page.model_dump_json().encode())


@ROUTER.get(
    "/v1/audiences/{audience_id}",
    dependencies=[requires(KeyScope.AUDIENCE)],
    responses=openapi.success_and_problem_responses(AudienceMetadata, 401, 403, 404, 503),
    openapi_extra={"parameters": [openapi.AUDIENCE_ID_PARAMETER]},
)
async def get_audience(request: Request) -> Response:
    """Metadata of an audience: its filter, purpose, channel and counts, without its members."""
    app_state, audience_id = app_state_of(request), request.path_params["audience_id"]
    export = export_context(request, SAMPLE_FORMAT)
    metadata = await run_in_audience_thread(app_state, lambda: app_state.audience_service.metadata(audience_id, export))
    return Response(metadata.model_dump_json(by_alias=True), media_type="application/json")


@ROUTER.delete(
    "/v1/audiences/{audience_id}",
    dependencies=[requires(KeyScope.AUDIENCE)],
    responses={204: {"description": "The audience is deleted."}, **openapi.problem_responses(401, 403, 404, 503)},
    status_code=204,
    openapi_extra={"parameters": [openapi.AUDIENCE_ID_PARAMETER]},
)
async def delete_audience(request: Request) -> Response:
    """Delete an audience that is done with, which makes room for others."""
    app_state, audience_id = app_state_of(request), request.path_params["audience_id"]
    await run_in_audience_thread(app_state, lambda: app_state.audience_service.delete(audience_id))
    return Response(status_code=204)
