"""Tag changes: an export of tags for the members of an audience is begun, read page by page, and confirmed.

A consumer begins an export, applies all its changes, and confirms it. If it fails on the way, it begins again: until an
export is confirmed, its changes come again, together with what has changed since.
"""

from __future__ import annotations

from typing import Annotated, Literal

import orjson
from pydantic import Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from serving.api import openapi
from serving.api.audience_work import export_context
from serving.api.dependencies import app_state_of
from serving.api.request_parsing import read_json_as
from serving.api.routing import router
from serving.api.tag_work import run_in_tag_thread
from serving.audiences.formats import encode, ndjson
from serving.auth.route_access import requires
from serving.auth.scopes import KeyScope
from serving.problems import validation_problem
from serving.schemas.base import StrictModel
from serving.schemas.tags import TagChangesResponse, TagExportRequest, TagExportResponse
from serving.tags.destinations import read_destination
from serving.tags.tag_paging import TagPage, changes_page, summary_of

TAGS_FORMAT = "tags"  # the audited format of an export that is begun; its pages name their own
PATH = "/v1/audiences/{audience_id}/tag-changes"
MEDIA_TYPES = {"csv": "text/csv", "ndjson": "application/x-ndjson"}
MAX_PAGE_SIZE, MAX_JSON_PAGE_SIZE = 100_000, 10_000

ROUTER = router()


class TagChangesQuery(StrictModel):
    """Tag changes query: which changes, and in which format."""

    destination: Annotated[str, Field(max_length=40)] = Field(
        description="A section of `[tags]` in flywheel.toml, such as `wecom`."
    )
    format: Literal["json", "csv", "ndjson"] = Field(default="json", description="The format of the answer.")
    cursor: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="`next` of the page before, or its header X-Next-Cursor; the first page has none."
    )
    size: Annotated[int, Field(ge=1, le=MAX_PAGE_SIZE)] = Field(
        default=1_000, description=f"Customers of a page; at most {MAX_JSON_PAGE_SIZE:,} as JSON."
    )


@ROUTER.post(
    PATH,
    dependencies=[requires(KeyScope.AUDIENCE)],
    responses=openapi.success_and_problem_responses(
        TagExportResponse, 400, 401, 403, 404, 408, 409, 413, 415, 422, 503
    ),
    openapi_extra={"parameters": [openapi.AUDIENCE_ID_PARAMETER], **openapi.request_body(TagExportRequest)},
)
async def post_tag_changes(request: Request) -> Response:
    """Begin an export of tags: the members of the audience get their tags, and all others lose theirs.

    Members who are held out, in this audience or in any other, get none. Where the newest export still gives everybody
    the right tags, it is that one.
    """
    app_state, audience_id = app_state_of(request), request.path_params["audience_id"]
    asked, context = await read_json_as(request, TagExportRequest), export_context(request, TAGS_FORMAT)
    service, at = app_state.tag_export_service, app_state.machine_now()
    summary = await run_in_tag_thread(
        app_state, lambda: summary_of(service.begin(asked.destination, audience_id, context, at))
    )
    return Response(summary.model_dump_json(), media_type="application/json")


@ROUTER.get(
    PATH,
    dependencies=[requires(KeyScope.AUDIENCE)],
    responses=openapi.with_media_types(
        openapi.success_and_problem_responses(TagChangesResponse, 401, 403, 404, 409, 422, 503), *MEDIA_TYPES.values()
    ),
    openapi_extra={"parameters": [openapi.AUDIENCE_ID_PARAMETER, *openapi.query_parameters(TagChangesQuery)]},
)
async def get_tag_changes(request: Request) -> Response:
    """Changes of the newest export of an audience, page by page; none once it is confirmed.

    Consent is checked again for every page: who has said no since loses all tags. Each page adds an audit line.
    """
    app_state, audience_id, query = app_state_of(request), request.path_params["audience_id"], _query(request)
    context, service, at = (
        export_context(request, query.format),
        app_state.tag_export_service,
        app_state.machine_now(),
    )
    size = min(query.size, MAX_JSON_PAGE_SIZE) if query.format == "json" else query.size

    if request.method == "HEAD":  # RFC 9110, section 9.3.2: no content, so nothing is exported
        await run_in_tag_thread(app_state, lambda: service.newest(query.destination, audience_id, context))
        return Response(
            headers={"Cache-Control": "no-store"}, media_type=MEDIA_TYPES.get(query.format, "application/json")
        )

    def page() -> tuple[TagPage, bytes]:
        state = service.newest(query.destination, audience_id, context)
        found = changes_page(service, state, query.cursor, size, context, at)
        table = found.changes.table(read_destination(service.home, query.destination))
        media_type = MEDIA_TYPES.get(query.format)
        return found, b"".join(ndjson([table]) if media_type is None else encode(media_type, [table], "keep"))

    found, content = await run_in_tag_thread(app_state, page)
    headers = {"Cache-Control": "no-store"}
    if query.format != "json":
        next_cursor = {} if found.next is None else {"X-Next-Cursor": found.next}
        headers |= {"X-Export-Id": found.export_id, **next_cursor}
        return Response(content, headers=headers, media_type=MEDIA_TYPES[query.format])
    changes = [orjson.Fragment(line) for line in content.splitlines()]
    answer = orjson.dumps({"export_id": found.export_id, "changes": changes, "next": found.next})
    return Response(answer, headers=headers, media_type="application/json")


@ROUTER.post(
    f"{PATH}/{{export_id}}/confirm",
    dependencies=[requires(KeyScope.AUDIENCE)],
    responses=openapi.success_and_problem_responses(TagExportResponse, 401, 403, 404, 409, 422, 503),
    openapi_extra={"parameters": [openapi.AUDIENCE_ID_PARAMETER, openapi.TAG_EXPORT_ID_PARAMETER]},
)
async def confirm_tag_changes(request: Request) -> Response:
    """Confirm that all changes of the newest export were applied; a second time changes nothing."""
    app_state, path = app_state_of(request), request.path_params
    summary = await run_in_tag_thread(
        app_state,
        lambda: summary_of(
            app_state.tag_export_service.confirm(path["export_id"], path["audience_id"], app_state.now())
        ),
    )
    return Response(summary.model_dump_json(), media_type="application/json")


def _query(request: Request) -> TagChangesQuery:
    try:
        return TagChangesQuery.model_validate({**request.query_params})
    except ValidationError as error:
        raise validation_problem(error.errors(include_url=False), TagChangesQuery) from None
