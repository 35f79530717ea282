"""Authentication middleware: a request without a valid API key gets 401 before anything else is done for it."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import quote, urlencode

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.api.pages import SIGN_IN_PATH, STATIC_PATH, is_page
from serving.auth.api_keys import Caller
from serving.auth.authentication import Authenticator
from serving.problems import Problem

SAFE_METHODS = ("GET", "HEAD")
_NO_STORE = {"Cache-Control": "no-store"}


class ApiKeyMiddleware:
    """API key middleware: finds the caller of a request; the routes check the scopes of the caller."""

    def __init__(self, app: ASGIApp, public_paths: Collection[str] = ()) -> None:
        """Set the paths that need no key."""
        self._app = app
        self._public_paths = frozenset(public_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its caller in ``scope["state"]``, or answer 401 or 429."""
        if scope["type"] == "http" and not self._is_public(scope["path"]):
            authenticator: Authenticator = scope["app"].state.worker.authenticator
            headers = Headers(scope=scope)
            try:
                caller = await authenticator.authenticate(headers, client_address(scope))
            except Problem as denial:
                await self._response(denial, scope, headers)(scope, receive, send)
                return
            scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, send)

    def _is_public(self, path: str) -> bool:
        return path in self._public_paths or path.startswith(STATIC_PATH)

    def _response(self, denial: Problem, scope: Scope, headers: Headers) -> Response:
        if denial.status != 401 or not is_page(scope["path"]):
            return denial.response()
        if "hx-request" in headers:  # a part of a page, whose session has ended; the page leads to the form
            response = denial.response()
            response.headers["HX-Redirect"] = SIGN_IN_PATH
            return response
        if scope["method"] in SAFE_METHODS and accepts_html(headers):
            return RedirectResponse(f"{SIGN_IN_PATH}?{urlencode({'next': _target(scope)})}", 303, _NO_STORE)
        return denial.response()


def _target(scope: Scope) -> str:
    """The path and query of a request."""
    query: bytes = scope.get("query_string", b"")
    path: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    return (path.partition(b"?")[0] + (b"?" + query if query else b"")).decode("latin-1")


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
