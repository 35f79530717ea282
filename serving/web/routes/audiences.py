"""Section Audiences: the list, the builder, one audience with its members, and its files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar, get_args

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from serving.api.app_state import AppState
from serving.api.audience_work import export_context, run_in_audience_thread
from serving.api.dependencies import app_state_of
from serving.api.routes.audience_members import Format, head_members, stream_members
from serving.audiences.audience_service import SAMPLE_FORMAT, ExportContext
from serving.audiences.errors import InvalidAudienceRequest
from serving.audiences.formats import ndjson
from serving.audiences.holdout import HoldoutChoice
from serving.audiences.query.column_descriptions import read_descriptions
from serving.auth.scopes import KeyScope
from serving.problems import Problem
from serving.web.address import query_of
from serving.web.audience_answers import audience_request, value_column_of
from serving.web.audience_builder import BuilderRequest, builder_view
from serving.web.audience_process import answer_apart
from serving.web.audience_query import AUDIENCES_PATH, BUILDER_PATH, DEFAULT_HOLDOUT, AudienceQuery
from serving.web.forms import submitted_form
from serving.web.rendering import PageRequest, render, respond
from serving.web.routing import page_access, page_change, page_router
from serving.web.views.audience import AudienceView, ExpiredView, conditions_of, curl_of, files_of
from serving.web.views.audience_answer import with_days
from serving.web.views.audience_builder import BuilderView
from serving.web.views.audience_list import PRESET_PREFIX, list_view

ROUTER = page_router()
LISTED, MEMBERS = 50, 50  # rows of a page
NOBODY_WAITS = 499  # the status in the log of a request that its browser has closed
Result = TypeVar("Result")
_DEFAULTS = {"holdout": str(DEFAULT_HOLDOUT)}


@ROUTER.get(AUDIENCES_PATH, dependencies=[page_access(KeyScope.AUDIENCE)])
async def audience_list(request: Request) -> Response:
    """The stored audiences, and segments to start from."""
    export, cursor = export_context(request, SAMPLE_FORMAT), request.query_params.get("cursor")
    view = await _run(request, lambda app_state: list_view(app_state, cursor, LISTED, export))
    return render(request, "audiences/list.html", view)


@ROUTER.get(BUILDER_PATH, dependencies=[page_access(KeyScope.AUDIENCE)])
async def builder(request: Request) -> Response:
    """The builder; a script gets the part that changes with the conditions."""
    query, export = _query_of(query_of(request.scope)), export_context(request, SAMPLE_FORMAT)
    is_update = "hx-request" in request.headers and "hx-history-restore-request" not in request.headers
    page_request = PageRequest.of(request)
    builder_request = BuilderRequest(query, export, is_update, page_request)
    answer = await answer_apart(request, app_state_of(request), builder_request)
    if answer is None:
        return Response(status_code=NOBODY_WAITS)
    return respond(request, page_request, answer.page, answer.status)


@ROUTER.post(AUDIENCES_PATH, dependencies=[page_change(KeyScope.AUDIENCE)])
async def store_audience(request: Request) -> Response:
    """Store the audience of a query; its address keeps the conditions, so that an expired one can be counted anew."""
    query, export = (
        AudienceQuery.parse(submitted_form(request).get("query", "")),
        export_context(request, SAMPLE_FORMAT),
    )
    answer = await _run(request, lambda app_state: _store(app_state, query, export))
    if isinstance(answer, str):
        return RedirectResponse(f"{AUDIENCES_PATH}/{answer}?{query.text}", 303)
    return render(request, "audiences/builder.html", answer, 422)


@ROUTER.get(f"{AUDIENCES_PATH}/{{audience_id}}", dependencies=[page_access(KeyScope.AUDIENCE)])
async def audience(request: Request) -> Response:
    """One audience; its members are read, and audited, only where ``members`` is among the parameters."""
    export = export_context(request, "page")
    query = AudienceQuery.parse(query_of(request.scope)).replacing(lang="")
    try:
        view = await _run(request, lambda app_state: _audience_view(app_state, request, query, export))
    except Problem as problem:
        if problem.status != 404:
            raise
        again = query.replacing(members="", cursor="")
        return render(request, "audiences/expired.html", ExpiredView(again_url=again.url if again.pairs else None), 404)
    return render(request, "audiences/audience.html", view)


@ROUTER.get(f"{AUDIENCES_PATH}/{{audience_id}}/members", dependencies=[page_access(KeyScope.AUDIENCE)])
async def audience_file(request: Request) -> Response:
    """All members as a file: those to approach, or those held out."""
    audience_id, parameters = request.path_params["audience_id"], request.query_params
    file_format, choice = parameters.get("format", "csv"), parameters.get("holdout", "exclude")
    if file_format not in get_args(Format)[1:] or choice not in get_args(HoldoutChoice):
        raise Problem(422, f"Found the format {file_format} and the holdout {choice}; expected those of a link.")
    holdout: HoldoutChoice = "only" if choice == "only" else "include" if choice == "include" else "exclude"
    app_state, export = app_state_of(request), export_context(request, file_format, holdout)
    if request.method == "HEAD":  # of a download tool; nothing is exported
        response = await head_members(app_state, audience_id, export)
    else:
        response = await stream_members(app_state, audience_id, export, "escape")
    suffix = "-held-out" if choice == "only" else ""
    response.headers["Content-Disposition"] = f'attachment; filename="audience-{audience_id}{suffix}.{file_format}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _store(app_state: AppState, query: AudienceQuery, export: ExportContext) -> str | BuilderView:
    """Return the id of the stored audience; the builder where there is nothing to store."""
    columns = app_state.audience_service.scores.columns()
    try:
        request = audience_request(query, columns, value_column_of(app_state, columns), keep=True)
        stored = app_state.audience_service.create(request, export)
    except InvalidAudienceRequest:
        return builder_view(app_state, query, export, is_whole=True)
    return stored.audience_id or replace(builder_view(app_state, query, export, is_whole=True), is_refused=True)


def _audience_view(app_state: AppState, request: Request, query: AudienceQuery, export: ExportContext) -> AudienceView:
    service, audience_id = app_state.audience_service, request.path_params["audience_id"]
    metadata = service.metadata(audience_id, export)
    page = None
    if query.choice("members") and request.method != "HEAD":  # which sends no member
        page = service.page(audience_id, query.choice("cursor") or None, MEMBERS, export).page
    rows = (
        [with_days(orjson.loads(line)) for chunk in ndjson([page.rows]) for line in chunk.splitlines()]
        if page
        else None
    )
    return AudienceView(
        audience=metadata,
        expires_at=metadata.created_at + service.policy.retention,
        conditions=conditions_of(metadata.filter),
        files=files_of(metadata),
        curl=curl_of(audience_id, str(request.base_url)),
        members=rows,
        next=page.next if page else None,
        again_url=query.replacing(members="", cursor="").url,
        meanings={column.name: column.meaning for column in read_descriptions(service.scores.columns().schema)},
    )


def _query_of(text: str) -> AudienceQuery:
    """Return the query of an address; an empty address gets the defaults of a new audience."""
    query = AudienceQuery.parse(text).replacing(lang="")
    if segment := query.choice("crowd"):  # a preset segment by its name alone
        query = query.replacing(crowd="", **{f"is:{PRESET_PREFIX}{segment}": "true", **_DEFAULTS})
    return query if query.pairs else query.replacing(**_DEFAULTS)


async def _run(request: Request, work: Callable[[AppState], Result]) -> Result:
    """Run work on the application state in a thread for audiences."""
    app_state = app_state_of(request)
    return await run_in_audience_thread(app_state, lambda: work(app_state))
