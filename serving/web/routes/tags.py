"""Tags: an audience is handed to a tool of the shop as bands, which are begun, downloaded and confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

import pyarrow as pa
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from serving.api.audience_work import export_context
from serving.api.dependencies import app_state_of
from serving.api.tag_work import run_in_tag_thread
from serving.audiences.formats import encode
from serving.auth.scopes import KeyScope
from serving.tags.destinations import read_destination
from serving.tags.tag_changes import change_tables
from serving.web.audience_query import AUDIENCES_PATH
from serving.web.forms import submitted_form
from serving.web.rendering import render
from serving.web.routing import page_access, page_change, page_router
from serving.web.views.tags import tags_view

ROUTER = page_router()
_PATH = f"{AUDIENCES_PATH}/{{audience_id}}/tags"


@ROUTER.get(_PATH, dependencies=[page_access(KeyScope.AUDIENCE)])
async def audience_tags(request: Request) -> Response:
    """The tools that an audience can be handed to."""
    app_state, audience_id, context = (
        app_state_of(request),
        request.path_params["audience_id"],
        export_context(request, "csv"),
    )
    view = await run_in_tag_thread(app_state, lambda: tags_view(app_state.tag_export_service, audience_id, context))
    return render(request, "tags/index.html", view)


@ROUTER.post(_PATH, dependencies=[page_change(KeyScope.AUDIENCE)])
async def change_audience_tags(request: Request) -> Response:
    """Begin an export to a tool; with ``confirm``, record that all its changes were applied."""
    app_state, audience_id, context = (
        app_state_of(request),
        request.path_params["audience_id"],
        export_context(request, "csv"),
    )
    form, service = submitted_form(request), app_state.tag_export_service

    def change() -> None:
        if form.get("confirm"):
            service.confirm(form["confirm"], audience_id, context.now)
        else:
            service.begin(form.get("destination", ""), audience_id, context, app_state.machine_now())

    await run_in_tag_thread(app_state, change)
    return RedirectResponse(_PATH.format(audience_id=audience_id), 303)


@ROUTER.get(f"{_PATH}/{{destination}}", dependencies=[page_access(KeyScope.AUDIENCE)])
async def audience_tag_changes(request: Request) -> Response:
    """All changes of the newest export to a tool, as a CSV file."""
    app_state, path = app_state_of(request), request.path_params
    service, context, at = app_state.tag_export_service, export_context(request, "csv"), app_state.machine_now()

    def tables() -> Iterator[pa.Table]:
        state = service.newest(path["destination"], path["audience_id"], context)
        config = read_destination(service.home, path["destination"])
        if request.method == "HEAD":
            return iter(())
        changes = service.all_changes(state, context, at)
        first = tuple(islice(changes, 1))  # what cannot be audited is refused before the file begins
        return change_tables(chain(first, changes), config)

    content = encode("text/csv", await run_in_tag_thread(app_state, tables), "escape")
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="tags-{path["destination"]}.csv"',
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(content, headers=headers, media_type="text/csv")
