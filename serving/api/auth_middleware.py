"""Authentication middleware: a request without a valid API key gets 401 before anything else is done for it."""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.auth.api_keys import ApiKeys, Caller
from serving.problems import DETAILS, Problem


class ApiKeyMiddleware:
    """API key middleware: finds the caller of a request; the routes check the scopes of the caller."""

    def __init__(self, app: ASGIApp, public_paths: Collection[str] = ()) -> None:
        self._app = app
        self._public_paths = frozenset(public_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its caller in ``scope["state"]``, or answer 401."""
        if scope["type"] == "http" and scope["path"] not in self._public_paths:
            api_keys: ApiKeys = scope["app"].state.worker.api_keys
            caller = api_keys.authenticate(Headers(scope=scope))
            if caller is None:
                denial = Problem(401, DETAILS[401], headers={"WWW-Authenticate": "Bearer"})
                await denial.response()(scope, receive, send)
                return
            scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, send)


def actor(request: Request) -> str:
    """The actor of a request, as the audit log names it."""
    caller: Caller = request.scope["state"]["caller"]
    return caller.actor
