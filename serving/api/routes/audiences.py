"""The routes about audiences: what is asked goes to their desk, what it answers goes over the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar, get_args

import orjson
import pyarrow as pa
from fastapi import FastAPI
from pydantic import Field, JsonValue, ValidationError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from features.errors import FlywheelError, LostRows, Unreachable
from features.storage.secret import BadSecret
from serving.api import openapi
from serving.api.dependencies import attempt, worker_of
from serving.api.request_parsing import json_body
from serving.audiences.audience_service import SAMPLE, Export
from serving.audiences.errors import BadCursor, BadScores, NoSuchAudience, NotJson, Refused
from serving.audiences.export.formats import FORMATS, ndjson
from serving.audiences.export.metadata import About
from serving.audiences.request_parsing import asked
from serving.audiences.schema import AudienceAnswer, AudienceRequest
from serving.auth.api_keys import actor
from serving.observability.audit_log import NotAudited
from serving.observability.json_logs import report
from serving.problems import SOON, Problem, invalid
from serving.schemas.base import Wire
from serving.schemas.predictions import FieldProblem

if TYPE_CHECKING:
    from serving.api.app_state import Worker

Format = Literal["json", "csv", "ndjson", "parquet"]
MEDIA: dict[str, str] = {name.rpartition("/")[2].removeprefix("x-").rpartition(".")[2]: name for name in FORMATS}
USUAL_PAGE, LARGEST_PAGE, LARGEST_JSON = 1_000, 100_000, 10_000
AT_ONCE = 2  # audiences that a worker makes or reads; others wait
Done = TypeVar("Done")


class Paging(Wire):
    """Which members, and how they are written."""

    format: Format = "json"
    cursor: Annotated[str, Field(max_length=200)] | None = None
    size: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] | None = None


class Members(Wire):
    """A page of an audience."""

    members: list[dict[str, JsonValue]] = Field(description="customer_id, holdout, and the columns asked for.")
    left_out: int = Field(description="Members of this page who may not be approached any more.")
    next: str | None = Field(description="The cursor of the next page; null on the last one.")
    consent_state: str = Field(description="By which consents the page was checked.")


async def post_audience(request: Request) -> Response:
    """Whom to reach: counted, described, and kept under an id by which pages of members are asked for."""
    worker = worker_of(request)
    body, export = await json_body(request), Export(actor(request), worker.now(), SAMPLE)
    answer = await _attempt(worker, lambda: worker.audiences.make(asked(body), export))
    return Response(answer.model_dump_json(), media_type="application/json")


async def get_audience(request: Request) -> Response:
    """What an audience was made for."""
    worker, audience_id = worker_of(request), request.path_params["audience_id"]
    about = await _attempt(worker, lambda: worker.audiences.about(audience_id))
    return Response(about.model_dump_json(by_alias=True), media_type="application/json")


async def get_members(request: Request) -> Response:
    """Its members, a page at a time; as CSV, NDJSON or Parquet without a size all of them, in one stream.

    Consent is asked again for every page, and for every fifty thousand members of a stream. Each leaves an audit line.
    """
    worker, audience_id, said = worker_of(request), request.path_params["audience_id"], _paging(request)
    if request.method == "HEAD":
        await _attempt(worker, lambda: worker.audiences.about(audience_id))
        return Response(headers={"Cache-Control": "no-store"}, media_type=MEDIA.get(said.format, "application/json"))
    export = Export(actor(request), worker.now(), said.format)
    if said.format != "json" and said.size is None and said.cursor is None:
        return await _streamed(worker, audience_id, export)
    size = min(said.size or USUAL_PAGE, LARGEST_JSON if said.format == "json" else LARGEST_PAGE)
    taken = await _attempt(worker, lambda: worker.audiences.page(audience_id, said.cursor, size, export))
    page, state = taken.page, str(taken.consent_state)
    if said.format == "json":
        about = {"left_out": page.left_out, "next": page.next, "consent_state": state}
        return Response(_json(page.rows, about), headers={"Cache-Control": "no-store"}, media_type="application/json")
    headers = {"X-Consent-State": state, "X-Left-Out": str(page.left_out), "Cache-Control": "no-store"}
    if page.next is not None:
        headers["X-Next-Cursor"] = page.next
    return Response(b"".join(FORMATS[MEDIA[said.format]]([page.rows])), headers=headers, media_type=MEDIA[said.format])


def add_routes(app: FastAPI) -> None:
    """Let the application answer them."""
    app.add_api_route(
        "/v1/audiences",
        post_audience,
        methods=["POST"],
        responses=openapi.answers(AudienceAnswer, 400, 401, 403, 408, 413, 415, 422, 503),
        openapi_extra=openapi.body_of(AudienceRequest),
    )
    parameters = [openapi.path_parameter("audience_id", "As `POST /v1/audiences` answered it.")]
    app.add_api_route(
        "/v1/audiences/{audience_id}",
        get_audience,
        responses=openapi.answers(About, 401, 403, 404, 503),
        openapi_extra={"parameters": parameters},
    )
    app.add_api_route(
        "/v1/audiences/{audience_id}/members",
        get_members,
        responses=openapi.answers(Members, 401, 403, 404, 422, 503),
        openapi_extra={"parameters": [*parameters, *openapi.query_of(Paging)]},
    )


async def _streamed(worker: Worker, audience_id: str, export: Export) -> Response:
    state, tables = await _attempt(worker, lambda: worker.audiences.all(audience_id, export))
    written = FORMATS[MEDIA[export.format]](tables)
    first = await _attempt(worker, lambda: next(written, b""))
    headers = {"X-Consent-State": str(state), "Cache-Control": "no-store"}
    return StreamingResponse(_following(first, written), headers=headers, media_type=MEDIA[export.format])


async def _following(first: bytes, written: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Chunk after chunk, each made in a thread when the one before has gone."""
    yield first
    loop = asyncio.get_running_loop()
    while (chunk := await loop.run_in_executor(_threads(), next, written, None)) is not None:
        yield chunk


async def _attempt(worker: Worker, work: Callable[[], Done]) -> Done:
    return await attempt(worker, work, _problem, _threads())


@cache
def _threads() -> ThreadPoolExecutor:
    """For audiences alone: a million customers take a moment, in which no other work is to wait for a thread."""
    return ThreadPoolExecutor(AT_ONCE, "audiences")


def _problem(worker: Worker, error: FlywheelError) -> Problem:
    match error:
        case NotJson():
            return Problem(400, str(error))
        case Refused():
            return Problem(422, error.detail, error.errors)
        case BadCursor():
            return Problem(422, str(error), [FieldProblem(field="cursor", reason=str(error))])
        case NoSuchAudience():
            return Problem(404, "There is no audience of this id: it never was, or it has expired. Make a new one.")
        case BadScores():
            report(worker.log, "no audience without scores", error)
            return Problem(503, "Nobody has been scored here yet. Run `flywheel score`, then ask again.", headers=SOON)
        case Unreachable() | LostRows() | BadSecret() | NotAudited():
            report(worker.log, "audience not served", error)
            return Problem(503, "This cannot be read or written just now. Try again soon.", headers=SOON)
    raise error


def _paging(request: Request) -> Paging:
    try:
        return Paging.model_validate({"format": _accepted(request), **request.query_params})
    except ValidationError as error:
        raise invalid(error.errors(include_url=False), Paging) from None


def _accepted(request: Request) -> str:
    """The format that the Accept header names, where it names one of ours."""
    accepted = request.headers.get("accept", "")
    return next((name for name, media in MEDIA.items() if media in accepted), get_args(Format)[0])


def _json(rows: pa.Table, about: Mapping[str, JsonValue]) -> bytes:
    lines = b"".join(ndjson([rows])).splitlines()
    return orjson.dumps({"members": [orjson.Fragment(line) for line in lines], **about})
