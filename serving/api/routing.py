"""Routing: routes that read their requests themselves, and that check the scope which they declare."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, ClassVar
from urllib.parse import unquote_to_bytes

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from serving.api.auth_middleware import SAFE_METHODS
from serving.auth.api_keys import Caller
from serving.auth.authentication import CHALLENGE
from serving.auth.route_access import RouteAccess, declared_access
from serving.auth.scopes import allows
from serving.problems import DETAILS, Problem

CUSTOMER_PATH = "/v1/customers/{customer_id:text}"
SUBRESOURCES = (b"consents", b"history", b"predictions")  # of a customer


class AnyTextConvertor(Convertor[str]):
    """URL convertor for any text; the ``path`` convertor of the framework ends at a line break."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        """Return the text from the path unchanged."""
        return value

    def to_string(self, value: str) -> str:
        """Return the text for the path unchanged."""
        return value


register_url_convertor("text", AnyTextConvertor())


class RawRoute(APIRoute):
    """Raw route: a documented route with a declared scope, whose endpoint reads the request itself.

    FastAPI's own parsing of requests and responses is skipped. A route that declares no scope raises TypeError: see
    ``serving.auth.scopes.requires``.
    """

    verifies_forms: ClassVar[bool] = False  # whether a form of another site is refused before the endpoint is called

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 - FastAPI's own
        """Create the route from the arguments of FastAPI's APIRoute.

        Raises:
            TypeError: the dependencies declare no scope or several, or changes by a session without verified forms.
        """
        super().__init__(path, endpoint, **options)
        access = declared_access(self.dependencies)
        if access is None:
            raise TypeError(
                f"Found no single scope declared by the route {path}; expected one of requires(scope), ANY_KEY or "
                "PUBLIC among its dependencies. Add it where the route is defined."
            )
        if access.changes and not self.verifies_forms:
            raise TypeError(
                f"Found the route {path}, by which a session may change something, without a check of its forms; "
                "expected a route of serving.web.routing.page_router(). Define it there."
            )
        self.access: RouteAccess = access

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the endpoint itself, without FastAPI's parsing around it."""
        return self.endpoint

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the endpoint if the caller has access; else answer 405, 401 for a session of other pages, or 403."""
        caller: Caller | None = scope.get("state", {}).get("caller")
        if scope["method"] not in (self.methods or ()) and (caller or self.access.public):
            allowed = ", ".join(sorted(_methods_at(scope)))
            await Problem(405, DETAILS[405], headers={"Allow": allowed}).response()(scope, receive, send)
        elif not self.access.public and _outside_session(caller, self.access, scope["method"]):
            await Problem(401, DETAILS[401], headers=CHALLENGE).response()(scope, receive, send)
        elif self.access.public or (caller is not None and allows(caller.scopes, self.access.scope)):
            await super().handle(scope, receive, send)
        else:
            await _denial(caller, self.access).response()(scope, receive, send)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match a request, unless its path names a resource below a customer and the route is the customer's own."""
        match, child_scope = super().matches(scope)
        if match is not Match.NONE and self.path == CUSTOMER_PATH and _names_subresource(scope):
            return Match.NONE, {}
        return match, child_scope


def _names_subresource(scope: Scope) -> bool:
    """Whether a path ends in a resource of ``SUBRESOURCES`` as it was sent; in an id, a slash is sent as %2F."""
    raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
    _, slash, last = raw_path.partition(b"/v1/customers/")[2].rstrip(b"/").rpartition(b"/")
    return bool(slash) and unquote_to_bytes(last) in SUBRESOURCES


def _methods_at(scope: Scope) -> set[str]:
    """The methods of all routes at the path of a request."""
    routes = scope["app"].router.routes
    return {
        method
        for route in routes
        if isinstance(route, RawRoute) and route.matches(scope)[0] is not Match.NONE
        for method in route.methods or ()
    }


def _outside_session(caller: Caller | None, access: RouteAccess, method: str) -> bool:
    """Whether the caller has a session that does not open the route, or would change something through it."""
    if caller is None or caller.session is None:
        return False
    return not caller.session.opens(access.session) or not (access.changes or method in SAFE_METHODS)


def router() -> APIRouter:
    """An empty router of raw routes."""
    return APIRouter(route_class=RawRoute)


def head_routes(routes: Sequence[BaseRoute]) -> list[RawRoute]:
    """A HEAD route for each GET route, with the same scope."""
    return [
        type(route)(
            route.path, route.endpoint, methods=["HEAD"], include_in_schema=False, dependencies=route.dependencies
        )
        for route in routes
        if isinstance(route, RawRoute) and "GET" in (route.methods or ())
    ]


def refuse_undeclared(routes: Sequence[BaseRoute]) -> None:
    """Fail closed: raise TypeError for a route that is not a raw route, since it declares no scope."""
    undeclared = [str(getattr(route, "path", route)) for route in routes if not isinstance(route, RawRoute)]
    if undeclared:
        raise TypeError(
            f"Found routes that declare no scope: {', '.join(undeclared)}. Expected routes of "
            "serving.api.routing.router() alone. Define them there."
        )


def _denial(caller: Caller | None, access: RouteAccess) -> Problem:
    scopes = ", ".join(caller.scopes) if caller else "none"
    challenge = f'Bearer error="insufficient_scope", scope="{access.scope}"'  # RFC 6750, section 3.1
    return Problem(
        403,
        f"Found a key with the scopes {scopes}; expected one with {access.scope}. Ask for a key that has it.",
        headers={"WWW-Authenticate": challenge},
    )
