"""Routing of the page: routes that people in a browser open, by the session cookie or a key."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from fastapi import APIRouter, params
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from serving.api.auth_middleware import SAFE_METHODS
from serving.api.routing import RawRoute
from serving.auth.route_access import RouteAccess
from serving.auth.scopes import KeyScope, SessionScope
from serving.problems import DETAILS, Problem
from serving.web.forms import verify_form


class PageRoute(RawRoute):
    """Page route: a route of the page, which is off where the setting says so; its forms are verified."""

    verifies_forms: ClassVar[bool] = True

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the endpoint behind a check of the submitted form."""
        endpoint = self.endpoint

        async def handler(request: Request) -> Response:
            if request.method not in SAFE_METHODS:
                await verify_form(request)
            response: Response = await endpoint(request)
            return response

        return handler

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 404 where the page is off, else as every route."""
        if scope["app"].state.worker.page:
            await super().handle(scope, receive, send)
        else:
            await Problem(404, DETAILS[404]).response()(scope, receive, send)


def page_router() -> APIRouter:
    """An empty router of page routes; none of them is in the OpenAPI document."""
    return APIRouter(route_class=PageRoute, include_in_schema=False)


def page_access(scope: KeyScope | None = None) -> params.Depends:
    """The dependency by which a page that only reads declares its scope; None is any key."""
    return params.Depends(RouteAccess(scope, session=SessionScope.PAGE))


def page_change(scope: KeyScope | None) -> params.Depends:
    """The dependency by which a form that changes something declares its scope."""
    return params.Depends(RouteAccess(scope, session=SessionScope.PAGE, changes=True))
