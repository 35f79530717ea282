"""Today: the first page, with what changed and what is due."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from serving.api.pages import PAGE_PATH
from serving.web.rendering import render
from serving.web.routing import page_access, page_router

ROUTER = page_router()


@ROUTER.get(PAGE_PATH.rstrip("/"), dependencies=[page_access()])
async def without_slash(request: Request) -> Response:  # noqa: ARG001 - the framework passes it
    """The page's address without its last slash."""
    return RedirectResponse(PAGE_PATH, 308)


@ROUTER.get(PAGE_PATH, dependencies=[page_access()])
async def today(request: Request) -> Response:
    """The page Today."""
    return render(request, "today/index.html")
