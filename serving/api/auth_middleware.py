"""Authentication middleware: a request without a valid API key gets 401 before anything else is done for it."""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.api.pages import SIGN_IN_PATH
from serving.auth.api_keys import Caller
from serving.auth.authentication import Authenticator
from serving.problems import Problem


class ApiKeyMiddleware:
    """API key middleware: finds the caller of a request; the routes check the scopes of the caller."""

    def __init__(self, app: ASGIApp, public_paths: Collection[str] = (), page_paths: Collection[str] = ()) -> None:
        """Set the paths that need no key, and those of pages, at which a browser is sent to sign in."""
        self._app = app
        self._public_paths = frozenset(public_paths)
        self._page_paths = frozenset(page_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its caller in ``scope["state"]``, or answer 401 or 429."""
        if scope["type"] == "http" and scope["path"] not in self._public_paths:
            authenticator: Authenticator = scope["app"].state.worker.authenticator
            headers = Headers(scope=scope)
            try:
                caller = await authenticator.authenticate(headers, client_address(scope))
            except Problem as denial:
                await self._response(denial, scope, headers)(scope, receive, send)
                return
            scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, send)

    def _response(self, denial: Problem, scope: Scope, headers: Headers) -> Response:
        if denial.status == 401 and scope["path"] in self._page_paths and accepts_html(headers):
            return RedirectResponse(SIGN_IN_PATH, 303, {"Cache-Control": "no-store"})
        return denial.response()


def actor(request: Request) -> str:
    """The actor of a request, as the audit log names it."""
    return caller(request).actor


def caller(request: Request) -> Caller:
    """The caller of a request to a route that is not public."""
    authenticated: Caller = request.scope["state"]["caller"]
    return authenticated


def client_address(scope: Scope) -> str:
    """The address of the caller, or of the last proxy before the service; empty where the server knows none."""
    client = scope.get("client")
    return client[0] if client else ""


def accepts_html(headers: Headers) -> bool:
    """Whether the caller is a browser that opens a page."""
    return "text/html" in headers.get("accept", "")
