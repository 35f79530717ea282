"""Audience members: pages and streams of the members of an audience, each checked against the current consents."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import orjson
import pyarrow as pa
from pydantic import Field, JsonValue, ValidationError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from serving.api import openapi
from serving.api.audience_work import audience_executor, export_context, run_in_audience_thread
from serving.api.dependencies import app_state_of
from serving.api.routing import router
from serving.audiences.audience_service import ExportContext
from serving.audiences.formats import FORMATS, FormulaCells, encode, ndjson
from serving.audiences.holdout import HoldoutChoice
from serving.auth.route_access import requires
from serving.auth.scopes import KeyScope
from serving.problems import validation_problem
from serving.schemas.base import StrictModel

if TYPE_CHECKING:
    from serving.api.app_state import AppState

Format = Literal["json", "csv", "ndjson", "parquet"]
MEDIA_TYPES: dict[str, str] = {name.rpartition("/")[2].removeprefix("x-").rpartition(".")[2]: name for name in FORMATS}
DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, MAX_JSON_PAGE_SIZE = 1_000, 100_000, 10_000

ROUTER = router()


class PagingQuery(StrictModel):
    """Paging query: which members of an audience, and in which format."""

    format: Format = Field(default="json", description="The format of the answer; the header Accept names it too.")
    cursor: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="`next` of the page before; the first page has none."
    )
    size: Annotated[int, Field(ge=1, le=MAX_PAGE_SIZE)] | None = Field(
        default=None,
        description=f"Members of a page, {DEFAULT_PAGE_SIZE:,} by default; at most {MAX_JSON_PAGE_SIZE:,} as JSON.",
    )
    holdout: HoldoutChoice = Field(
        default="exclude", description="Members who are held out: left out, listed alone, or listed with a column."
    )
    formulas: FormulaCells = Field(
        default="escape",
        description="CSV only: whether text that a spreadsheet takes for a formula gets an apostrophe in front.",
    )


class MembersResponse(StrictModel):
    """Page of an audience."""

    members: list[dict[str, JsonValue]] = Field(
        description="customer_id, the requested columns, and holdout with `holdout=include`."
    )
    excluded_by_consent: None = Field(
        description="Always null: the count of one page would tell where in the order somebody has said no."
    )
    next: str | None = Field(description="The cursor of the next page; null on the last one.")
    consent_state: str = Field(description="The version of the consents that the page was checked against.")


@ROUTER.get(
    "/v1/audiences/{audience_id}/members",
    dependencies=[requires(KeyScope.AUDIENCE)],
    responses=openapi.with_media_types(
        openapi.success_and_problem_responses(MembersResponse, 401, 403, 404, 422, 503), *MEDIA_TYPES.values()
    ),
    openapi_extra={"parameters": [openapi.AUDIENCE_ID_PARAMETER, *openapi.query_parameters(PagingQuery)]},
)
async def get_members(request: Request) -> Response:
    """Members of an audience, by cursor pagination; CSV, NDJSON or Parquet without size and cursor streams all members.

    Consent is checked again for every page, and for every 50,000 members of a stream; each check adds an audit line.
    """
    app_state, audience_id, query = app_state_of(request), request.path_params["audience_id"], _paging_query(request)
    export = export_context(request, query.format, query.holdout)
    if request.method == "HEAD":
        return await head_members(app_state, audience_id, export)
    if query.format != "json" and query.size is None and query.cursor is None:
        return await stream_members(app_state, audience_id, export, query.formulas)
    size = min(query.size or DEFAULT_PAGE_SIZE, MAX_JSON_PAGE_SIZE if query.format == "json" else MAX_PAGE_SIZE)
    exported = await run_in_audience_thread(
        app_state, lambda: app_state.audience_service.page(audience_id, query.cursor, size, export)
    )
    page, state = exported.page, str(exported.consent_state)
    if query.format == "json":
        page_info = {"excluded_by_consent": None, "next": page.next, "consent_state": state}
        return Response(
            _members_json(page.rows, page_info), headers={"Cache-Control": "no-store"}, media_type="application/json"
        )
    headers = {"X-Consent-State": state, "Cache-Control": "no-store"}
    if page.next is not None:
        headers["X-Next-Cursor"] = page.next
    media_type = MEDIA_TYPES[query.format]
    return Response(b"".join(encode(media_type, [page.rows], query.formulas)), headers=headers, media_type=media_type)


async def head_members(app_state: AppState, audience_id: str, export: ExportContext) -> Response:
    """The headers of a file or page of members; nothing is exported."""
    await run_in_audience_thread(app_state, lambda: app_state.audience_service.metadata(audience_id, export))
    return Response(
        headers={"Cache-Control": "no-store"}, media_type=MEDIA_TYPES.get(export.format, "application/json")
    )


async def stream_members(
    app_state: AppState, audience_id: str, export: ExportContext, formulas: FormulaCells
) -> Response:
    """All members of an audience as a stream, in the format of the export."""
    state, tables = await run_in_audience_thread(
        app_state, lambda: app_state.audience_service.export_all(audience_id, export)
    )
    chunks = encode(MEDIA_TYPES[export.format], tables, formulas)
    first = await run_in_audience_thread(app_state, lambda: next(chunks, b""))
    headers = {"X-Consent-State": str(state), "Cache-Control": "no-store"}
    return StreamingResponse(_stream_chunks(first, chunks), headers=headers, media_type=MEDIA_TYPES[export.format])


async def _stream_chunks(first: bytes, chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Stream the chunks in order; a thread produces each chunk after the previous one was sent."""
    yield first
    loop = asyncio.get_running_loop()
    while (chunk := await loop.run_in_executor(audience_executor(), next, chunks, None)) is not None:
        yield chunk


def _paging_query(request: Request) -> PagingQuery:
    try:
        return PagingQuery.model_validate({"format": _accepted_format(request), **request.query_params})
    except ValidationError as error:
        raise validation_problem(error.errors(include_url=False), PagingQuery) from None


def _accepted_format(request: Request) -> str:
    """The first supported format that the Accept header names, else JSON."""
    accepted = request.headers.get("accept", "")
    return next((name for name, media in MEDIA_TYPES.items() if media in accepted), get_args(Format)[0])


def _members_json(rows: pa.Table, page_info: Mapping[str, JsonValue]) -> bytes:
    lines = b"".join(ndjson([rows])).splitlines()
    return orjson.dumps({"members": [orjson.Fragment(line) for line in lines], **page_info})
