"""Audience routes: create an audience, describe it, and page or stream its members."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar, get_args

import orjson
import pyarrow as pa
from pydantic import Field, JsonValue, ValidationError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from features.errors import FlywheelError, RowsLost, StoreUnavailable
from features.storage.secret import InvalidSecret
from serving.api import openapi
from serving.api.auth_middleware import actor
from serving.api.dependencies import app_state_of, run_in_thread
from serving.api.request_parsing import json_body
from serving.api.routing import router
from serving.audiences.audience_service import SAMPLE_FORMAT, ExportContext
from serving.audiences.errors import (
    AudienceDamaged,
    AudienceNotFound,
    AudienceStorageFull,
    InvalidAudienceRequest,
    InvalidCursor,
    InvalidJson,
    InvalidScores,
)
from serving.audiences.export.metadata import AudienceMetadata
from serving.audiences.formats import FORMATS, ndjson
from serving.audiences.request_parsing import parse_request
from serving.audiences.schema import AudienceRequest, AudienceResponse
from serving.auth.scopes import KeyScope, requires
from serving.observability.audit_log import AuditWriteFailed
from serving.observability.json_logs import log_error
from serving.problems import RETRY_AFTER, Problem, validation_problem
from serving.schemas.base import StrictModel
from serving.schemas.predictions import FieldProblem

if TYPE_CHECKING:
    from serving.api.app_state import AppState

Format = Literal["json", "csv", "ndjson", "parquet"]
MEDIA_TYPES: dict[str, str] = {name.rpartition("/")[2].removeprefix("x-").rpartition(".")[2]: name for name in FORMATS}
DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, MAX_JSON_PAGE_SIZE = 1_000, 100_000, 10_000
MAX_AUDIENCE_THREADS = 2  # audiences that a worker creates or reads at once; other requests wait
Result = TypeVar("Result")

ROUTER = router()


class PagingQuery(StrictModel):
    """Paging query: which members of an audience, and in which format."""

    format: Format = "json"
    cursor: Annotated[str, Field(max_length=200)] | None = None
    size: Annotated[int, Field(ge=1, le=MAX_PAGE_SIZE)] | None = None


class MembersResponse(StrictModel):
    """Page of an audience."""

    members: list[dict[str, JsonValue]] = Field(description="customer_id, holdout, and the requested columns.")
    excluded_by_consent: int = Field(description="Members of this page without consent now.")
    next: str | None = Field(description="The cursor of the next page; null on the last one.")
    consent_state: str = Field(description="The version of the consents that the page was checked against.")


_AUDIENCE_ID = [openapi.path_parameter("audience_id", "The audience_id of the answer to `POST /v1/audiences`.")]


@ROUTER.post(
    "/v1/audiences",
    dependencies=[requires(KeyScope.AUDIENCE)],
    responses=openapi.success_and_problem_responses(AudienceResponse, 400, 401, 403, 408, 413, 415, 422, 503, 507),
    openapi_extra=openapi.request_body(AudienceRequest),
)
async def post_audience(request: Request) -> Response:
    """Create an audience: count and describe its members, and store them under an id for paging."""
    app_state = app_state_of(request)
    body, export = await json_body(request), ExportContext(actor(request), app_state.now(), SAMPLE_FORMAT)
    answer = await _run_in_audience_thread(
        app_state, lambda: app_state.audience_service.create(parse_request(body), export)
    )
    return Response(answer.model_dump_json(), media_type="application/json")


@ROUTER.get(
    "/v1/audiences/{audience_id}",
    dependencies=[requires(KeyScope.AUDIENCE)],
    responses=openapi.success_and_problem_responses(AudienceMetadata, 401, 403, 404, 503),
    openapi_extra={"parameters": _AUDIENCE_ID},
)
async def get_audience(request: Request) -> Response:
    """Metadata of an audience: its filter, purpose, channel and counts, without its members."""
    app_state, audience_id = app_state_of(request), request.path_params["audience_id"]
    metadata = await _run_in_audience_thread(app_state, lambda: app_state.audience_service.metadata(audience_id))
    return Response(metadata.model_dump_json(by_alias=True), media_type="application/json")


@ROUTER.delete(
    "/v1/audiences/{audience_id}",
    dependencies=[requires(KeyScope.AUDIENCE)],
    responses={204: {"description": "The audience is deleted."}, **openapi.problem_responses(401, 403, 404, 503)},
    status_code=204,
    openapi_extra={"parameters": _AUDIENCE_ID},
)
async def delete_audience(request: Request) -> Response:
    """Delete an audience that is done with, which makes room for others."""
    app_state, audience_id = app_state_of(request), request.path_params["audience_id"]
    await _run_in_audience_thread(app_state, lambda: app_state.audience_service.delete(audience_id))
    return Response(status_code=204)


@ROUTER.get(
    "/v1/audiences/{audience_id}/members",
    dependencies=[requires(KeyScope.AUDIENCE)],
    responses=openapi.success_and_problem_responses(MembersResponse, 401, 403, 404, 422, 503),
    openapi_extra={"parameters": [*_AUDIENCE_ID, *openapi.query_parameters(PagingQuery)]},
)
async def get_members(request: Request) -> Response:
    """Members of an audience, by cursor pagination; CSV, NDJSON or Parquet without size and cursor streams all members.

    Consent is checked again for every page, and for every 50,000 members of a stream; each check adds an audit line.
    """
    app_state, audience_id, query = app_state_of(request), request.path_params["audience_id"], _paging_query(request)
    if request.method == "HEAD":
        await _run_in_audience_thread(app_state, lambda: app_state.audience_service.metadata(audience_id))
        return Response(
            headers={"Cache-Control": "no-store"}, media_type=MEDIA_TYPES.get(query.format, "application/json")
        )
    export = ExportContext(actor(request), app_state.now(), query.format)
    if query.format != "json" and query.size is None and query.cursor is None:
        return await _stream(app_state, audience_id, export)
    size = min(query.size or DEFAULT_PAGE_SIZE, MAX_JSON_PAGE_SIZE if query.format == "json" else MAX_PAGE_SIZE)
    exported = await _run_in_audience_thread(
        app_state, lambda: app_state.audience_service.page(audience_id, query.cursor, size, export)
    )
    page, state = exported.page, str(exported.consent_state)
    if query.format == "json":
        page_info = {"excluded_by_consent": page.excluded_by_consent, "next": page.next, "consent_state": state}
        return Response(
            _members_json(page.rows, page_info), headers={"Cache-Control": "no-store"}, media_type="application/json"
        )
    headers = {
        "X-Consent-State": state,
        "X-Excluded-By-Consent": str(page.excluded_by_consent),
        "Cache-Control": "no-store",
    }
    if page.next is not None:
        headers["X-Next-Cursor"] = page.next
    return Response(
        b"".join(FORMATS[MEDIA_TYPES[query.format]]([page.rows])), headers=headers, media_type=MEDIA_TYPES[query.format]
    )


async def _stream(app_state: AppState, audience_id: str, export: ExportContext) -> Response:
    state, tables = await _run_in_audience_thread(
        app_state, lambda: app_state.audience_service.export_all(audience_id, export)
    )
    chunks = FORMATS[MEDIA_TYPES[export.format]](tables)
    first = await _run_in_audience_thread(app_state, lambda: next(chunks, b""))
    headers = {"X-Consent-State": str(state), "Cache-Control": "no-store"}
    return StreamingResponse(_stream_chunks(first, chunks), headers=headers, media_type=MEDIA_TYPES[export.format])


async def _stream_chunks(first: bytes, chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Stream the chunks in order; a thread produces each chunk after the previous one was sent."""
    yield first
    loop = asyncio.get_running_loop()
    while (chunk := await loop.run_in_executor(_executor(), next, chunks, None)) is not None:
        yield chunk


async def _run_in_audience_thread(app_state: AppState, work: Callable[[], Result]) -> Result:
    return await run_in_thread(app_state, work, _to_problem, _executor())


@cache
def _executor() -> ThreadPoolExecutor:
    """Threads for audiences alone: an audience of a million customers must not delay other work."""
    return ThreadPoolExecutor(MAX_AUDIENCE_THREADS, "audiences")


def _to_problem(app_state: AppState, error: FlywheelError) -> Problem:
    match error:
        case InvalidJson():
            return Problem(400, str(error))
        case InvalidAudienceRequest():
            return Problem(422, error.detail, error.errors)
        case InvalidCursor():
            return Problem(422, str(error), [FieldProblem(field="cursor", reason=str(error))])
        case AudienceDamaged():
            return Problem(404, "The audience was damaged, so it was deleted. Create it again.")
        case AudienceStorageFull():
            log_error(app_state.log, "audience not stored", error)
            return Problem(507, str(error))
        case AudienceNotFound():
            return Problem(
                404, "Found no audience with this id: it never existed, or it has expired. Create a new one."
            )
        case InvalidScores():
            log_error(app_state.log, "scores missing", error)
            return Problem(
                503, "Found no scores table. Run `flywheel score`, then send the request again.", headers=RETRY_AFTER
            )
        case StoreUnavailable() | RowsLost() | InvalidSecret() | AuditWriteFailed():
            log_error(app_state.log, "audience request failed", error)
            return Problem(503, "The audience cannot be read or written just now. Try again soon.", headers=RETRY_AFTER)
    raise error


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
